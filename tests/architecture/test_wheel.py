"""What is installed is whole: the built wheel holds everything that runs."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wheel_holds_every_module_the_migrations_and_the_types(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT],
        check=True,
        capture_output=True,
    )

    (wheel,) = tmp_path.glob("tidings-*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src"
    wanted = {str(file.relative_to(source)) for file in source.glob("tidings/**/*.py")} | {"tidings/py.typed"}
    wanted |= {str(file.relative_to(source)) for file in source.glob("tidings/web/pages/[st]*/*")}
    assert wanted <= held
    assert not {name for name in held if "test" in name.split("/")[0] or name.endswith((".db", ".key"))}
    assert any(name.endswith("licenses/LICENSE") for name in held)
