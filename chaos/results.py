"""Results of a long run that is done in parts: kept in a file as they come, and found there again.

Owns the file, one JSON document a line. A scenario that is in it is not played again, so that a run of an hour may be
interrupted, or divided between two terminals.
"""

from collections.abc import Sequence
from pathlib import Path

from msgspec import json

from chaos.layout import Kind
from chaos.running import Result


class Results:
    """What came of the scenarios so far. Without a file, only of this run."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        lines = file.read_bytes().splitlines() if file is not None and file.exists() else []
        self._kept = [json.decode(line, type=Result) for line in lines]

    @property
    def all(self) -> Sequence[Result]:
        """Every result, by database and in the order in which they came."""
        return sorted(self._kept, key=lambda result: list(Kind).index(result.kind))

    @property
    def newest(self) -> Result:
        return self._kept[-1]

    def has(self, name: str, kind: Kind) -> bool:
        return any((result.name, result.kind) == (name, kind) for result in self._kept)

    def keep(self, result: Result) -> None:
        self._kept.append(result)
        if self._file is not None:
            with self._file.open("ab") as lines:
                lines.write(json.encode(result) + b"\n")
