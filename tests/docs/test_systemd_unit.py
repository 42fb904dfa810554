"""The shipped systemd unit, and what docs/operations/production.md makes of it, start a service that runs."""

import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from tidings import settings
from tidings.cli.main import app
from tidings.settings import Settings
from tidings.settings.model import PREFIX
from tidings.settings.reading import CONFIG

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations"
UNIT = (OPERATIONS / "tidings.service").read_text("utf-8")
PAGE = (OPERATIONS / "production.md").read_text("utf-8")
PROGRAM = "/opt/tidings/current/bin/tidings"

NAMES = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields} | {CONFIG}


def blocks(language: str, *, having: str) -> list[str]:
    """Return the fenced blocks of the page in that language that have a certain text."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [block for block in found if having in block]


def value(key: str, unit: str = UNIT) -> str:
    (found,) = re.findall(rf"^{key}=(.+)$", unit, re.MULTILINE)
    return str(found)


DROP_INS = blocks("ini", having="[Service]")
STARTS = [line for text in (UNIT, *DROP_INS) for line in re.findall(r"^ExecStart=(\S.*)$", text, re.MULTILINE)]


def divided(folder: Path) -> list[Path]:
    """Make the unit of each role as the page does, in a folder instead of /etc."""
    (block,) = blocks("bash", having="for role in")
    loop = block.split("systemctl")[0]
    for place in ("/etc/systemd/system", "/etc/tidings"):
        assert place in loop
        loop = loop.replace(place, str(folder))
    loop = loop.replace("docs/operations", str(OPERATIONS))
    subprocess.run(["bash", "-euc", loop], check=True)
    return sorted(folder.glob("*.service"))


def complaints(unit: Path) -> str:
    """Return what systemd says about a unit that names a program which is there; nothing when all is well.

    It looks at the units around it, too, and what it says of those is the machine's own affair.
    """
    program = shutil.which("systemd-analyze")
    assert program is not None, "systemd is not installed; script/system installs it"
    unit.write_text(unit.read_text("utf-8").replace(PROGRAM, sys.executable), "utf-8")
    finished = subprocess.run([program, "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    # Unknown keys are told on stderr, with the status 0.
    said = (finished.stdout + finished.stderr).splitlines()
    return "\n".join(line for line in said if str(unit.parent) in line or unit.name in line)


@pytest.mark.parametrize("drop_in", ["", *DROP_INS], ids=["alone", *(f"drop-in {n}" for n in range(len(DROP_INS)))])
def test_systemd_takes_the_unit_and_every_drop_in_of_the_page(tmp_path: Path, drop_in: str) -> None:
    unit = tmp_path / "tidings.service"
    unit.write_text(UNIT, "utf-8")
    override = tmp_path / "tidings.service.d" / "override.conf"
    override.parent.mkdir()
    override.write_text(drop_in.replace(PROGRAM, sys.executable), "utf-8")

    assert complaints(unit) == ""


@pytest.mark.parametrize(
    ("wrong", "told"),
    [("NoNewPrivilege=yes", "Unknown key 'NoNewPrivilege'"), ("ExecStartPre=/opt/no-such-program", "not executable")],
)
def test_systemd_would_complain(tmp_path: Path, wrong: str, told: str) -> None:
    unit = tmp_path / "tidings.service"
    unit.write_text(UNIT.replace("NoNewPrivileges=yes", wrong), "utf-8")

    assert told in complaints(unit)


def test_a_unit_of_each_role_has_its_own_ports(tmp_path: Path) -> None:
    starts = {}
    for unit in divided(tmp_path):
        role = unit.stem.removeprefix("tidings-")
        text = unit.read_text("utf-8")
        starts[role] = accepted(value("ExecStart", text))
        files = re.findall(r"^EnvironmentFile=(.+)$", text, re.MULTILINE)
        # The last file wins over those before it: that is how metrics get another port.
        assert files == ["/etc/tidings/tidings.env", str(tmp_path / f"{role}.env")]
        assert complaints(unit) == ""

    assert {role: start["role"] for role, start in starts.items()} == {"api": "api", "engine": "engine"}
    assert starts["api"]["port"] != starts["engine"]["port"]


def accepted(line: str) -> dict[str, object]:
    """Parse a command line with the program's own parser; it raises on whatever it does not know."""
    program, command, *arguments = line.split()
    assert program == PROGRAM
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return dict(group.commands[command].make_context(command, arguments).params)


@pytest.mark.parametrize("line", STARTS)
def test_tidings_accepts_the_command_line_that_is_started(line: str) -> None:
    assert accepted(line)["host"] == "127.0.0.1"


@pytest.mark.parametrize("text", [UNIT, PAGE], ids=["unit", "page"])
def test_every_setting_that_is_named_exists(text: str) -> None:
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]*[A-Z]", text))

    assert named
    assert named <= NAMES


def test_systemd_waits_longer_than_the_service_drains() -> None:
    drain = Settings.model_fields["drain_timeout"].default

    assert float(value("TimeoutStopSec")) > drain
    assert f"({drain:g} s)" in UNIT
    assert (value("KillSignal"), value("Restart")) == ("SIGTERM", "on-failure")


def test_the_unit_keeps_the_service_in_its_place() -> None:
    assert (value("User"), value("StateDirectory")) == ("tidings", "tidings")
    assert (value("NoNewPrivileges"), value("ProtectSystem"), value("PrivateTmp")) == ("yes", "strict", "yes")
    assert int(value("LimitNOFILE")) > 1_024
    assert value("MemoryMax") == "1G"


def test_the_settings_file_of_the_page_is_read_and_nobody_else_may_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = blocks("bash", having="tidings.env <<")
    file = tmp_path / "tidings.env"
    subprocess.run(["bash", "-euc", block.replace("/etc/tidings", str(tmp_path))], check=True)

    for line in file.read_text("utf-8").splitlines():
        monkeypatch.setenv(*line.split("=", 1))
    read = settings.load()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert value("EnvironmentFile") == "/etc/tidings/tidings.env"
    assert read.sqlite_file == Path("/var/lib") / value("StateDirectory") / "tidings.db"
    assert len(read.master_key) == 1
