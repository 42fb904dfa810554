"""``tidings delivery``: what was delivered, and why something was not."""

from typing import Annotated, TypeAlias

import typer

from tidings.actions import browsing, redelivery
from tidings.actions.bulk_redelivery import MOST_PER_SECOND, USUAL_PER_SECOND, Selection
from tidings.cli.moments import Since, Until
from tidings.cli.printing import AsJson, Record, card, more, record, show, stack, table
from tidings.cli.redelivery import begin, count
from tidings.cli.session import ask
from tidings.cli.tail import tail
from tidings.core.model import State

app = typer.Typer(help="Deliveries and their attempts.")

DeliveryId: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="The delivery's id.")]

_COLUMNS = (
    "id",
    "event_type",
    "partner",
    "webhook",
    "state",
    "attempts",
    "last_outcome",
    "last_status",
    "created_at",
)
_ATTEMPT_COLUMNS = ("number", "started_at", "duration_ms", "outcome", "http_status", "response_excerpt")
_MOST = 1000


@app.command("list")
def list_deliveries(  # noqa: PLR0913 - one option for each filter
    *,
    partner: Annotated[str | None, typer.Option(help="Only this partner's.")] = None,
    webhook: Annotated[str | None, typer.Option(help="Only to this webhook.")] = None,
    event: Annotated[str | None, typer.Option(help="Only of this event.")] = None,
    event_type: Annotated[str | None, typer.Option(help="Only of this event type.")] = None,
    state: Annotated[State | None, typer.Option(help="Only in this state.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Goes on where a page ended.")] = None,
    as_json: AsJson = False,
) -> None:
    """List deliveries, newest first."""
    wanted = browsing.DeliveryFilter(
        partner=partner, webhook=webhook, event=event, event_type=event_type, state=state, since=since, until=until
    )
    page = ask(lambda ctx: browsing.list_deliveries(ctx, wanted, limit=limit, cursor=cursor))
    found = [record(delivery) for delivery in page.deliveries]
    people = more(table(found, _COLUMNS, empty="There are no such deliveries."), page.next_cursor)
    show({"deliveries": found, "next_cursor": page.next_cursor}, people, as_json=as_json)


@app.command("show")
def show_delivery(delivery_id: DeliveryId, *, as_json: AsJson = False) -> None:
    """Show a delivery with each of its attempts."""
    view = ask(lambda ctx: browsing.show_delivery(ctx, delivery_id))
    document: Record = {
        "delivery": record(view.delivery),
        "attempts": [record(attempt) for attempt in view.attempts],
    }
    attempts = table(document["attempts"], _ATTEMPT_COLUMNS, empty="No attempt yet.")
    show(document, stack(card(document["delivery"]), attempts), as_json=as_json)


@app.command("redeliver")
def redeliver(  # noqa: PLR0913 - one option for each filter
    delivery_id: Annotated[str | None, typer.Argument(metavar="ID", help="The id of one delivery.")] = None,
    *,
    partner: Annotated[str | None, typer.Option(help="Many: this partner's.")] = None,
    webhook: Annotated[str | None, typer.Option(help="Many: those to this webhook.")] = None,
    event_type: Annotated[str | None, typer.Option(help="Many: those of this event type.")] = None,
    state: Annotated[State, typer.Option(help="Many: those that ended so.")] = State.FAILED,
    since: Since = None,
    until: Until = None,
    every: Annotated[bool, typer.Option("--all", help="Many: everybody's.")] = False,
    rate: Annotated[int, typer.Option(min=1, max=MOST_PER_SECOND, help="Many: how many a second.")] = USUAL_PER_SECOND,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Many: count them, and change nothing.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Many: do not wait for the end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send an ended delivery's event again, as a new delivery that names the old one; or many, chosen by filters.

    What has been sent again already is left out of many. A running service does the work; interrupting this command
    does not end it.
    """
    filters = (partner, webhook, event_type, since, until)
    if delivery_id is not None:
        if every or dry_run or any(one is not None for one in filters):
            raise typer.BadParameter("name one delivery, or choose many by filters, but not both")
        made = record(ask(lambda ctx: redelivery.redeliver(ctx, delivery_id)))
        show({"delivery": made}, card(made), as_json=as_json)
        return
    if not every and all(one is None for one in filters):
        raise typer.BadParameter("name one delivery, or choose many: --partner, --webhook, … or --all")
    wanted = Selection(partner=partner, webhook=webhook, event_type=event_type, state=state, since=since, until=until)
    if dry_run:
        count(wanted, as_json=as_json)
    else:
        begin(wanted, rate=rate, follow=not detach, as_json=as_json)


app.command("tail")(tail)
