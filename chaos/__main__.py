"""The command line of the harness.

Owns which scenarios run, and the exit status: 1 when anything is wrong.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
import typer
from rich.console import Console

from bench.machine import this_machine
from chaos import disk, report
from chaos.layout import Kind
from chaos.plan import Scenario, scenarios
from chaos.results import Results
from chaos.running import MIGRATIONS, Result, migrations, run
from chaos.size import SHORT, WITH_BUG, Size, long


class Length(StrEnum):
    """How much."""

    SHORT = "short"
    LONG = "long"


class Databases(StrEnum):
    """On what."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"
    BOTH = "both"

    def kinds(self) -> list[Kind]:
        return list(Kind) if self is Databases.BOTH else [Kind(self.value)]


Play: TypeAlias = Callable[[Scenario, Kind], Awaitable[Result]]
Only = Annotated[list[str] | None, typer.Option(help="Only this scenario; may be given again.")]


def main(
    length: Annotated[Length, typer.Argument(help="Seconds for each scenario, or the run of docs/reliability.md.")],
    *,
    database: Annotated[Databases, typer.Option(help="On which database.")] = Databases.BOTH,
    only: Only = None,
    times: Annotated[int, typer.Option(min=1, help="How often each checkpoint kills in a long run.")] = 20,
    bug: Annotated[str | None, typer.Option(help="Build a known bug in (chaos/bugs.py): the run must fail.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as one JSON document.")] = False,
    results: Annotated[
        Path | None, typer.Option(help="Keep results here, and play only what is not there yet.")
    ] = None,
) -> None:
    """Throw faults at Tidings and compare three ledgers. A whole long run writes docs/reliability.md."""
    has_disk = disk.own_namespace()
    chosen = [one for one in scenarios() if _is_wanted(one, length, only) and (has_disk or not one.needs_disk)]
    if not chosen and MIGRATIONS not in (only or ()):
        raise typer.BadParameter(f"there is {', '.join(one.name for one in scenarios())}, {MIGRATIONS}")
    size = _size(length, times, bug)
    kept = Results(results)
    asyncio.run(_play(chosen, database.kinds(), kept, partial(run, size=size, bug=bug)))
    if not only or MIGRATIONS in only:
        asyncio.run(_migrate(database.kinds(), kept, size))
    _tell(kept.all, as_json=as_json)
    if length is Length.LONG and not only and bug is None and _is_whole(kept):
        report.write(kept.all, this_machine(), times=times)
    if any(result.failures for result in kept.all):
        raise typer.Exit(1)


def _size(length: Length, times: int, bug: str | None) -> Size:
    if length is Length.LONG:
        return long(times)
    return SHORT if bug is None else WITH_BUG


def _is_wanted(scenario: Scenario, length: Length, only: list[str] | None) -> bool:
    if only:
        return scenario.name in only
    return scenario.in_short if length is Length.SHORT else scenario.in_long


def _is_whole(kept: Results) -> bool:
    return all(kept.has(MIGRATIONS, kind) for kind in Kind)


def _tell(results: Sequence[Result], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(msgspec.to_builtins(results)))
    else:
        report.show(results)


async def _play(chosen: list[Scenario], kinds: list[Kind], kept: Results, play: Play) -> None:
    for kind in kinds:
        for scenario in chosen:
            if kind in scenario.kinds and not kept.has(scenario.name, kind):
                kept.keep(await play(scenario, kind))
                Console(stderr=True).print(report.line(kept.newest), markup=False, highlight=False)


async def _migrate(kinds: list[Kind], kept: Results, size: Size) -> None:
    for kind in kinds:
        if not kept.has(MIGRATIONS, kind):
            kept.keep(await migrations(kind, size))


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr] # a text stream, as always
    typer.run(main)
