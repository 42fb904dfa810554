"""What cannot work is refused at the start: one clear line, exit status 1, no traceback."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from support.service import Installation, Service

pytestmark = pytest.mark.asyncio(loop_scope="session")

BAD_SETTINGS = {
    "no number": ("TIDINGS_RETRY_BASE", "soon"),
    "a lease shorter than the attempt": ("TIDINGS_LEASE", "10"),
    "no such setting": ("TIDINGS_RETRY_BASSE", "1"),
    "not a network": ("TIDINGS_EGRESS_ALLOW", "10.0.0.0/99:443"),
    "no such certificates": ("TIDINGS_EGRESS_CA_FILE", "/nowhere/authority.pem"),
    "no such log format": ("TIDINGS_LOG", "yaml"),
    "a short master key": ("TIDINGS_MASTER_KEY", "c2hvcnQ="),
    "an unknown database": ("TIDINGS_DATABASE_URL", "mysql://localhost/tidings"),
    "a database in memory": ("TIDINGS_DATABASE_URL", "sqlite:///:memory:"),
    "a database with parameters": ("TIDINGS_DATABASE_URL", "sqlite:///tidings.db?mode=ro"),
    "a folder that is not there": ("TIDINGS_DATABASE_URL", "sqlite:////nowhere/at/all/tidings.db"),
    "a folder that nobody can write to": ("TIDINGS_DATABASE_URL", "sqlite:////proc/tidings.db"),
    "a folder as database": ("TIDINGS_DATABASE_URL", "sqlite:////tmp"),
    "a file that is no database": ("TIDINGS_DATABASE_URL", f"sqlite:///{__file__}"),
    "no such configuration file": ("TIDINGS_CONFIG", "/nowhere/tidings.toml"),
}


async def _refusal(service: Service) -> str:
    """Return the one line with which the service refuses."""
    status = await service.ended()
    lines = service.stderr.strip().splitlines()
    assert status == 1, service.stderr
    assert service.stdout == []
    assert "Traceback" not in service.stderr
    assert len(lines) == 1, service.stderr
    return lines[0]


@pytest.mark.parametrize(("name", "value"), BAD_SETTINGS.values(), ids=BAD_SETTINGS.keys())
async def test_a_bad_setting_is_named(tmp_path: Path, name: str, value: str) -> None:
    installation = Installation(folder=tmp_path, settings={name: value})

    line = await _refusal(await installation.launch())

    assert name in line or (name == "TIDINGS_CONFIG" and value in line)


async def test_a_second_service_on_one_sqlite_file_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    installation = Installation(folder=tmp_path)
    first = await installation.serve()
    folder = tmp_path / "second"
    folder.mkdir()
    elsewhere = replace(
        installation, folder=folder, settings={"TIDINGS_DATABASE_URL": f"sqlite:///{installation.database}"}
    )

    try:
        line = await _refusal(await elsewhere.launch())
        still_running = first.running
    finally:
        status = await first.stop()

    assert str(installation.database) in line
    assert still_running
    assert status == 0


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = await _refusal(await Installation(folder=tmp_path).launch(port=port))

    assert line == f"tidings: --host, --port: cannot listen on 127.0.0.1:{port}: address already in use"


async def test_a_metrics_port_in_use_is_named_with_its_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        installation = Installation(folder=tmp_path, settings={"TIDINGS_METRICS_ADDRESS": address})
        line = await _refusal(await installation.launch())

    assert line == f"tidings: TIDINGS_METRICS_ADDRESS: cannot listen on {address}: address already in use"


async def test_a_host_that_is_not_ours_is_named(tmp_path: Path) -> None:
    elsewhere = await _refusal(await Installation(folder=tmp_path).launch("--host", "192.0.2.1"))
    unknown = await _refusal(await Installation(folder=tmp_path).launch("--host", "nowhere.invalid"))

    assert "cannot listen on 192.0.2.1:" in elsewhere
    assert elsewhere.endswith(": cannot assign requested address")
    assert "cannot listen on nowhere.invalid:" in unknown


async def test_wrong_usage_is_told_apart_from_failure(tmp_path: Path) -> None:
    finished = await Installation(folder=tmp_path).run("serve", "--port", "many")

    assert finished.status == 2
    assert "Traceback" not in finished.stderr
