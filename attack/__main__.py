"""The command line of the harness.

Owns which rows are played, and the exit status: 1 when anything went wrong.
"""

import asyncio
import json
import sys
from enum import StrEnum
from typing import Annotated

import msgspec
import typer

from attack import network, report
from attack.bugs import BUGS
from attack.plan import ROWS
from attack.running import run
from attack.size import LONG, SHORT
from bench.machine import this_machine

# What a service must never look into: here the attacker's names lead inside, and a search domain is his.
_HOSTS = "127.0.0.1 localhost\n10.0.0.5 etc-hosts.attacker.com\n"
_RESOLVER = "nameserver 127.0.0.1\nsearch attacker.com\noptions ndots:5\n"


class Length(StrEnum):
    """How much."""

    SHORT = "short"
    LONG = "long"


Only = Annotated[list[str] | None, typer.Option(help="Only this row; may be given again.")]


def main(
    length: Annotated[Length, typer.Argument(help="A few minutes, or the run of docs/security-tests.md.")],
    *,
    only: Only = None,
    bug: Annotated[str | None, typer.Option(help="Build a weakness in (attack/bugs.py): the run must fail.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Write docs/security-tests.md.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as one JSON document.")] = False,
) -> None:
    """Attack Tidings from outside, in a network of its own; needs root."""
    chosen = [row for row in ROWS if not only or row.name in only]
    if {*(only or ())} - {row.name for row in chosen} or bug not in {None, *BUGS}:
        raise typer.BadParameter(f"rows: {', '.join(row.name for row in ROWS)}; bugs: {', '.join(BUGS)}")
    if write and (only or bug or length is Length.SHORT):
        raise typer.BadParameter("only a whole long run is written")
    try:
        network.enter()
    except network.NoNamespace as error:
        print(f"attack: {error}", file=sys.stderr)
        raise typer.Exit(2) from error
    size = LONG if length is Length.LONG else SHORT
    with network.folder_in_memory() as folder:
        network.believe(folder, hosts=_HOSTS, resolver=_RESOLVER)
        tell = lambda result: print(report.line(result), file=sys.stderr, flush=True)  # noqa: E731
        results = asyncio.run(run(chosen, size, folder=folder, bug=bug, tell=tell))
    if as_json:
        print(json.dumps(msgspec.to_builtins(results)))
    if write:
        report.write(results, this_machine())
    if any(result.failed for result in results):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
