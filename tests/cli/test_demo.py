"""The demo holds what it promises, and leaves nothing behind."""

import subprocess
import sys
from pathlib import Path

import msgspec

from tidings.core.catalogue import EVENT_TYPES


def test_all_of_the_demo_holds(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "tidings", "demo", "--json"],
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path), "TIDINGS_DATABASE_URL": "postgresql://127.0.0.1:1/none"},
        capture_output=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr
    document = msgspec.json.decode(finished.stdout)
    assert document["ok"]
    assert [finding["what"] for finding in document["findings"]][:13] == ["webhook.test", *EVENT_TYPES]
    assert len(document["findings"]) == 15
    assert all(finding["held"] for finding in document["findings"])
    assert list(tmp_path.iterdir()) == []
