"""What the README says to paste into a shell does what it says."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from support.marked_secrets import RUN
from support.service import free_port

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
WITHIN = 300.0
# A line that fails ends the shell, and what it started must not keep its output open.
FIRST = "set -e; trap 'kill $(jobs -p)' ERR\n"
CONSOLE = 'curl -s -o /dev/null -w "console: %{http_code}\\n" http://127.0.0.1:8080/console/login\n'


def pasted() -> str:
    """Return every block of the section, with a look at the console before the last one, which ends it all."""
    section = README.split("## Try it here\n")[1].split("\n## ")[0]
    *before, last = re.findall(r"^```bash\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return "".join([*before, CONSOLE, last, "wait\n"])


def here(lines: str) -> str:
    """Let the lines use this installation, and ports that nobody else has."""
    service, receiver = str(free_port()), str(free_port())
    for said, instead in (
        ("script/setup\n", ""),
        ('"$PWD/.venv/bin', f'"{Path(sys.executable).parent}'),
        ("tidings serve", f"tidings serve --port {service}"),
        ("8080", service),
        ("8443", receiver),
    ):
        assert said in lines
        lines = lines.replace(said, instead)
    return lines


@contextmanager
def shell(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Open a fresh shell that reads one line after the other, and end it with all that it started."""
    with subprocess.Popen(
        ["bash", "-s"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)},
        cwd=folder,
        text=True,
        start_new_session=True,
    ) as opened:
        try:
            yield opened
        finally:
            with suppress(ProcessLookupError):
                os.killpg(opened.pid, signal.SIGKILL)


def forget(folder: Path) -> None:
    """Learn the secrets that are kept in files here, and take the files away."""
    for file in folder.glob("*/*.json"):
        RUN.learn_from(file.read_text("utf-8"))
        file.unlink()


def test_what_the_readme_says_to_try_can_be_pasted_into_a_fresh_shell(tmp_path: Path) -> None:
    with shell(tmp_path) as opened:
        said, _ = opened.communicate(FIRST + here(pasted()), timeout=WITHIN)

    RUN.learn_from(said)
    forget(tmp_path)
    assert opened.returncode == 0, said
    assert "arrived, and genuine: user.verified" in said
    assert re.search(r"^dlv_\S+ .*\bdelivered\b", said, re.MULTILINE), said
    assert "console: 200" in said
