"""``tidings event``: publishing from the command line, and looking at what was published."""

import random
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from tidings.actions import browsing, publishing
from tidings.actions.context import Context
from tidings.actions.publishing import Publication, Published
from tidings.cli.event_file import read_events
from tidings.cli.moments import Since, Until
from tidings.cli.printing import AsJson, Record, card, indented, more, record, show, stack, table
from tidings.cli.session import ask
from tidings.core.catalogue import EVENT_TYPES
from tidings.core.samples import sample
from tidings.errors import Misconfigured, TidingsError, Unavailable

app = typer.Typer(help="Publish events, and look at what was published.")

PartnerOption: TypeAlias = Annotated[str, typer.Option("--partner", help="The partner that the event is for.")]

_COLUMNS = ("id", "duplicate", "deliveries", "unrouted")
_LIST_COLUMNS = ("id", "event_type", "partner", "unrouted", "idempotency_key", "created_at")
_DELIVERY_COLUMNS = ("id", "webhook", "state", "attempts", "last_outcome", "last_status", "redelivery_of")
_AT_ONCE = 1000
_SHOWN = 50


def _event_type(text: str) -> str:
    if text not in EVENT_TYPES:
        close = get_close_matches(text, EVENT_TYPES, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(EVENT_TYPES)}"
        raise typer.BadParameter(f"{text!r} is no event type; {hint}")
    return text


@app.command("publish")
def publish(
    file: Annotated[str, typer.Argument(help="A JSON event, an array of events, or JSON lines; - is stdin.")],
    partner: PartnerOption,
    *,
    as_json: AsJson = False,
) -> None:
    """Publish the events of a file. All of them are checked before the first is published."""
    payloads = read_events(_read(file), "stdin" if file == "-" else file)
    _show(ask(lambda ctx: _publish_all(ctx, partner, payloads)), as_json=as_json)


@app.command("trigger")
def trigger(
    event_type: Annotated[str, typer.Argument(parser=_event_type, metavar="EVENT_TYPE", help="Like user.verified.")],
    partner: PartnerOption,
    *,
    as_json: AsJson = False,
) -> None:
    """Publish a realistic sample of an event type."""

    async def work(ctx: Context) -> Sequence[Published]:
        text = sample(event_type, now=ctx.clock.now(), chance=random.SystemRandom())
        return await _publish_all(ctx, partner, [text.encode()])

    _show(ask(work), as_json=as_json)


@app.command("list")
def list_events(  # noqa: PLR0913 - one option for each filter
    *,
    partner: Annotated[str | None, typer.Option(help="Only this partner's.")] = None,
    event_type: Annotated[str | None, typer.Option(help="Only of this event type.")] = None,
    unrouted: Annotated[
        browsing.UnroutedBy | None, typer.Option(help="Only those that no webhook got, for this reason or any.")
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Only the one with this idempotency key; needs --partner.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=_AT_ONCE, help="How many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Goes on where a page ended.")] = None,
    as_json: AsJson = False,
) -> None:
    """List events, newest first, without their payloads."""
    wanted = browsing.EventFilter(
        partner=partner,
        event_type=event_type,
        unrouted=unrouted,
        idempotency_key=idempotency_key,
        since=since,
        until=until,
    )
    page = ask(lambda ctx: browsing.list_events(ctx, wanted, limit=limit, cursor=cursor))
    found = [record(event) for event in page.events]
    people = more(table(found, _LIST_COLUMNS, empty="There are no such events."), page.next_cursor)
    show({"events": found, "next_cursor": page.next_cursor}, people, as_json=as_json)


@app.command("show")
def show_event(
    event_id: Annotated[str, typer.Argument(metavar="ID", help="The event's id.")], *, as_json: AsJson = False
) -> None:
    """Show an event with its payload and what became of it."""
    view = ask(lambda ctx: browsing.show_event(ctx, event_id))
    event = record(view.event)
    document: Record = {
        "event": {**event, "payload": msgspec.Raw(view.event.payload.encode())},
        "deliveries": [record(delivery) for delivery in view.deliveries],
    }
    nothing = "No webhook got it." if view.event.unrouted else "No deliveries."
    del event["payload"]
    people = stack(
        card(event), indented(view.event.payload), table(document["deliveries"], _DELIVERY_COLUMNS, empty=nothing)
    )
    show(document, people, as_json=as_json)


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Misconfigured(f"cannot read {file}: {error.strerror}") from error


async def _publish_all(ctx: Context, partner: str, payloads: Sequence[bytes]) -> list[Published]:
    events = [Publication(partner=partner, payload=payload, idempotency_key=None) for payload in payloads]
    published: list[Published] = []
    with Progress(console=Console(stderr=True), transient=True, disable=len(events) <= _AT_ONCE) as progress:
        task = progress.add_task("publishing", total=len(events))
        for start in range(0, len(events), _AT_ONCE):
            batch = events[start : start + _AT_ONCE]
            published += await _publish_batch(ctx, batch, start)
            progress.advance(task, len(batch))
    return published


async def _publish_batch(ctx: Context, batch: Sequence[Publication], before: int) -> Sequence[Published]:
    try:
        return await publishing.publish(ctx, batch)
    except TidingsError as error:
        if not before:
            raise
        # Whoever repeats the command would publish these again.
        raise Unavailable(f"{error}; the first {before} events of the file are published") from error


def _show(published: Sequence[Published], *, as_json: bool) -> None:
    found = [record(one) for one in published]
    people = table(found[:_SHOWN], _COLUMNS, empty="")
    if len(found) <= _SHOWN or as_json:
        show({"events": found}, people, as_json=as_json)
    else:
        show({}, f"{len(found)} events are published.", as_json=False)
