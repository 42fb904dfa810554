"""What every folder of tests may ask for: databases of both kinds. Nothing is started before it is asked for.

Owns the last act of every run: no secret that it has seen is in a log, in the metrics or in a database that it left.
"""

from collections.abc import Iterator

import pytest
from xdist.workermanage import WorkerController

from support.database_fixtures import (
    _durable_template,
    clock,
    copies,
    database,
    database_url,
    dialect,
    durable_server,
    empty_copies,
    empty_database,
    server,
    shared_database,
)
from support.marked_secrets import RUN

__all__ = [
    "_durable_template",
    "clock",
    "copies",
    "database",
    "database_url",
    "dialect",
    "durable_server",
    "empty_copies",
    "empty_database",
    "server",
    "shared_database",
]


@pytest.fixture(scope="session", autouse=True)
def no_secret_lies_about(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Look into everything that the run left, when all services have ended."""
    yield
    RUN.look_into_folder(tmp_path_factory.getbasetemp())
    assert not RUN.found, "secrets where none may be:\n" + "\n".join(RUN.found)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that began this one, where several share the tests, what was seen here."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["marked secrets"] = RUN.summed_up()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: WorkerController) -> None:
    RUN.add(node.workeroutput["marked secrets"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    learnt = ", ".join(f"{count} {kind}" for kind, count in sorted(RUN.learnt.items())) or "no secret"
    places = ", ".join(f"{count} of kind {kind}" for kind, count in sorted(RUN.places.items())) or "nothing"
    terminalreporter.write_line(f"marked secrets: {learnt}; looked into {places}; found {len(RUN.found)}")
