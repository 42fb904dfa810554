"""``script/bench``: measure, show, and with ``--write`` put it into docs/benchmarks.md."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from bench import beside, growth, isolation, measurements, pages, report
from bench.children import ChildFailed
from bench.databases import Kind
from bench.figures import Figure
from bench.machine import this_machine
from bench.measurements import Size
from bench.rig import WrongResult
from support.service import ServiceFailed

FULL = Size(rounds=3, deliveries=60_000, seconds=20, webhooks=10_000, history=10_000_000, pending=1_000_000)
QUICK = Size(rounds=1, deliveries=6_000, seconds=3, webhooks=300, history=50_000, pending=20_000, is_full=False)


class Name(StrEnum):
    """What can be measured."""

    THROUGHPUT = "throughput"
    LATENCY = "latency"
    HANGING = "hanging"
    DEAD = "dead"
    HISTORY = "history"
    CLAIM = "claim"
    MEMORY = "memory"
    PAGES = "pages"
    BESIDE = "beside"


_MEASUREMENTS: dict[Name, Callable[[Size], Awaitable[list[Figure]]]] = {
    Name.THROUGHPUT: measurements.throughput,
    Name.LATENCY: measurements.latency,
    Name.HANGING: isolation.hanging,
    Name.DEAD: isolation.dead,
    Name.HISTORY: growth.history,
    Name.CLAIM: growth.claim,
    Name.MEMORY: growth.memory,
    Name.PAGES: pages.pages,
    Name.BESIDE: beside.beside,
}


def main(
    names: Annotated[list[Name] | None, typer.Argument(help="What to measure; everything when none is named.")] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="One small round: shows that it works, not how fast.")] = False,
    rounds: Annotated[int | None, typer.Option(min=1, help="How often each measurement is repeated.")] = None,
    deliveries: Annotated[int | None, typer.Option(min=100, help="Deliveries in a round of throughput.")] = None,
    seconds: Annotated[int | None, typer.Option(min=1, help="Length of a round of latency, and of memory.")] = None,
    history: Annotated[int | None, typer.Option(min=1000, help="Ended deliveries of a long history.")] = None,
    pending: Annotated[int | None, typer.Option(min=1000, help="Pending deliveries of a long queue.")] = None,
    database: Annotated[Kind, typer.Option(help="On which database.")] = Kind.SQLITE,
    processes: Annotated[int, typer.Option(min=1, help="Throughput on PostgreSQL: with one, then so many.")] = 1,
    write: Annotated[bool, typer.Option("--write", help="Put the figures into docs/benchmarks.md.")] = False,
) -> None:
    """Measure the running program against the figures of design.md section 6. Exit status 1 when one is missed."""
    plan = QUICK if quick else FULL
    if processes > 1 and database is Kind.SQLITE:
        raise typer.BadParameter("SQLite serves one process")
    size = replace(
        plan,
        rounds=rounds or plan.rounds,
        deliveries=deliveries or plan.deliveries,
        seconds=seconds or plan.seconds,
        history=history or plan.history,
        pending=pending or plan.pending,
        kind=database,
        processes=processes,
    )
    console, machine = Console(), this_machine()
    try:
        measured = asyncio.run(_all_of(names or list(Name), size, console))
    except (ChildFailed, ServiceFailed, WrongResult) as failure:
        console.print(f"no figures: {failure}", style="red", markup=False)
        raise typer.Exit(1) from None
    report.show(console, [figure for figures in measured.values() for figure in figures], machine)
    if write:
        for name, figures in measured.items():
            report.write(f"{name}, {size.kind}", figures, machine)
    if any(figure.verdict() == "MISSED" for figures in measured.values() for figure in figures):
        raise typer.Exit(1)


async def _all_of(names: list[Name], size: Size, console: Console) -> dict[Name, list[Figure]]:
    measured = {}
    for name in names:
        with console.status(f"measuring {name}"):
            measured[name] = await _MEASUREMENTS[name](size)
    return measured


if __name__ == "__main__":
    typer.run(main)
