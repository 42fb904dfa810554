"""``script/bench``: measure, show, and with ``--write`` put it into docs/benchmarks.md."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from bench import isolation, measurements, report
from bench.children import ChildFailed
from bench.figures import Figure
from bench.machine import this_machine
from bench.measurements import Size
from bench.rig import WrongResult
from support.service import ServiceFailed

FULL = Size(rounds=3, deliveries=60_000, seconds=20, webhooks=10_000)
QUICK = Size(rounds=1, deliveries=6_000, seconds=3, webhooks=300, is_full=False)


class Name(StrEnum):
    """What can be measured."""

    THROUGHPUT = "throughput"
    LATENCY = "latency"
    HANGING = "hanging"
    DEAD = "dead"


_MEASUREMENTS: dict[Name, Callable[[Size], Awaitable[list[Figure]]]] = {
    Name.THROUGHPUT: measurements.throughput,
    Name.LATENCY: measurements.latency,
    Name.HANGING: isolation.hanging,
    Name.DEAD: isolation.dead,
}


def main(
    names: Annotated[list[Name] | None, typer.Argument(help="What to measure; everything when none is named.")] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="One small round: shows that it works, not how fast.")] = False,
    rounds: Annotated[int | None, typer.Option(min=1, help="How often each measurement is repeated.")] = None,
    deliveries: Annotated[int | None, typer.Option(min=100, help="Deliveries in a round of throughput.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Put the figures into docs/benchmarks.md.")] = False,
) -> None:
    """Measure the running program against the figures of design.md section 6. Exit status 1 when one is missed."""
    plan = QUICK if quick else FULL
    size = replace(plan, rounds=rounds or plan.rounds, deliveries=deliveries or plan.deliveries)
    console, machine = Console(), this_machine()
    try:
        figures = asyncio.run(_all_of(names or list(Name), size, console))
    except (ChildFailed, ServiceFailed, WrongResult) as failure:
        console.print(f"no figures: {failure}", style="red", markup=False)
        raise typer.Exit(1) from None
    report.show(console, figures, machine)
    if write:
        report.write(figures, machine)
    if any(figure.verdict() == "MISSED" for figure in figures):
        raise typer.Exit(1)


async def _all_of(names: list[Name], size: Size, console: Console) -> list[Figure]:
    figures: list[Figure] = []
    for name in names:
        with console.status(f"measuring {name}"):
            figures += await _MEASUREMENTS[name](size)
    return figures


if __name__ == "__main__":
    typer.run(main)
