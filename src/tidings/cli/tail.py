"""``tidings delivery tail``: attempts as they end, of all processes."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Annotated, TypeAlias

import typer

from tidings.actions.context import Context
from tidings.actions.live import PERIOD_S, EndedEntry, EndedFilter, Ending, Heard, Listener
from tidings.cli.durations import duration
from tidings.cli.printing import Record, plain, record, to_json
from tidings.cli.session import ask
from tidings.core.instants import MILLISECOND, Span
from tidings.core.model import State

_Say: TypeAlias = Callable[[Heard], None]


def tail(  # noqa: PLR0913 - one option for each filter
    *,
    partner: Annotated[str | None, typer.Option(help="Only this partner's.")] = None,
    webhook: Annotated[str | None, typer.Option(help="Only to this webhook.")] = None,
    event_type: Annotated[str | None, typer.Option(help="Only of this event type.")] = None,
    outcome: Annotated[Ending | None, typer.Option(help="Only those that ended so.")] = None,
    state: Annotated[State | None, typer.Option(help="Only those whose delivery is in this state now.")] = None,
    until: Annotated[
        Span | None, typer.Option("--for", parser=duration, metavar="SPAN", help="Stop after so long: 90s, 30m, 24h.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many attempts.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document a line instead.")] = False,
) -> None:
    """Watch attempts end, from now on, until interrupted. A line of its own says when some were missed."""
    wanted = EndedFilter(partner=partner, webhook=webhook, event_type=event_type, ending=outcome, state=state)
    say = _say_json if as_json else _say_people
    with suppress(KeyboardInterrupt):
        ask(lambda ctx: _listen(Listener(ctx, wanted), say, _Until(ctx, length=until, count=limit)))


class _Until:
    """When to stop: after a length of time, after so many attempts, or never."""

    def __init__(self, ctx: Context, *, length: Span | None, count: int | None) -> None:
        self._clock = ctx.clock
        self._ends = inf if length is None else ctx.clock.monotonic() + length
        self._left = inf if count is None else count

    def within(self, heard: Heard) -> Heard:
        """Return what may still be told of it."""
        attempts = heard.attempts if self._left == inf else heard.attempts[: int(self._left)]
        self._left -= len(attempts)
        return Heard(attempts, heard.missed)

    def has_come(self) -> bool:
        return not self._left or self._clock.monotonic() >= self._ends


async def _listen(listener: Listener, say: _Say, until: _Until) -> None:
    while True:
        say(until.within(await listener.hear()))
        sys.stdout.flush()
        if until.has_come():
            return
        await asyncio.sleep(PERIOD_S)


def _say_json(heard: Heard) -> None:
    if heard.missed:
        typer.echo(to_json({"missed": True}))
    for entry in heard.attempts:
        typer.echo(to_json(_fields(entry)))


def _say_people(heard: Heard) -> None:
    if heard.missed:
        typer.echo("… some attempts were missed")
    for entry in heard.attempts:
        typer.echo(_line(entry))


def _fields(entry: EndedEntry) -> Record:
    fields = record(entry)
    latency = fields.pop("latency")
    return {**fields, "latency_ms": None if latency is None else latency / MILLISECOND}


def _line(entry: EndedEntry) -> str:
    fields = _fields(entry)
    status = "" if entry.http_status is None else f" {entry.http_status}"
    took = "" if entry.duration_ms is None else f" in {entry.duration_ms} ms"
    words = (
        *(fields["ended_at"], entry.delivery, f"#{entry.number}", f"{entry.outcome}{status}{took},", entry.state.value),
        *(entry.event_type, entry.partner, entry.webhook),
    )
    return str(plain("  ".join(words)))
