"""The command line in the test's own process."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest

from support.marked_secrets import RUN, Kind
from tidings.cli.main import run


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document of a command that succeeded."""
        assert self.status == 0, self.stderr
        document: dict[str, Any] = json.loads(self.stdout)
        return document


CommandLine: TypeAlias = Callable[..., Said]


def command_line(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    def ask(*arguments: str) -> Said:
        status = run(arguments)
        captured = capsys.readouterr()
        RUN.learn_from(captured.out)
        RUN.look_into(Kind.LOG, f"stderr of tidings {' '.join(arguments)}", captured.err.encode())
        return Said(status, captured.out, captured.err)

    return ask
