"""``tidings webhook``: partners' webhooks, as operators handle them."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias

import typer

from tidings.actions import operating_webhooks
from tidings.actions.context import Context
from tidings.cli.durations import duration
from tidings.cli.printing import AsJson, Record, card, record, show, show_once, table
from tidings.cli.session import ask
from tidings.core.instants import Span, rfc3339
from tidings.core.model import Webhook

app = typer.Typer(help="Partners' webhooks, and their signing secrets.")

WebhookId: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id.")]
Overlap: TypeAlias = Annotated[
    Span,
    typer.Option(
        parser=duration,
        metavar="SPAN",
        help="How long requests are signed with the old secret too: `90s`, `30m`, `24h`, `7d`; 0 ends it at once; "
        "at most 30d.",
    ),
]

_COLUMNS = ("id", "partner", "url", "enabled", "events", "updated_at", "old_secret_ends_at")


@app.command("list")
def list_webhooks(
    *,
    partner: Annotated[str | None, typer.Option(help="Only this partner's.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the webhooks."""
    found = [record(webhook) for webhook in ask(lambda ctx: operating_webhooks.list_webhooks(ctx, partner))]
    show({"webhooks": found}, table(found, _COLUMNS, empty="There are no webhooks."), as_json=as_json)


@app.command("show")
def show_webhook(webhook_id: WebhookId, *, as_json: AsJson = False) -> None:
    """Show a webhook."""
    _tell(lambda ctx: operating_webhooks.show(ctx, webhook_id), as_json=as_json)


@app.command("disable")
def disable(webhook_id: WebhookId, *, as_json: AsJson = False) -> None:
    """Disable a webhook: what is pending for it ends cancelled."""
    _tell(lambda ctx: operating_webhooks.disable(ctx, webhook_id), as_json=as_json)


@app.command("enable")
def enable(webhook_id: WebhookId, *, as_json: AsJson = False) -> None:
    """Enable a webhook, for what is published from now on."""
    _tell(lambda ctx: operating_webhooks.enable(ctx, webhook_id), as_json=as_json)


@app.command("rotate-secret")
def rotate_secret(webhook_id: WebhookId, *, overlap: Overlap = "24h", as_json: AsJson = False) -> None:  # type: ignore[assignment]  # Typer parses defaults too
    """Give a webhook a new signing secret, shown this once. During the overlap the old one signs as well."""
    made = ask(lambda ctx: operating_webhooks.rotate_secret(ctx, webhook_id, overlap=overlap))
    document: Record = {"webhook": record(made.webhook), "secret": made.secret.reveal().decode()}
    people = card({**document["webhook"], "secret": document["secret"]})
    show_once(document, people, what="secret", instead=_once_more(made.webhook), as_json=as_json)


def _once_more(webhook: Webhook) -> str:
    again = f"run `tidings webhook rotate-secret {webhook.id}` again"
    ends = webhook.old_secret_ends_at
    if ends is None:
        return again
    # Two secrets sign at most: a second rotation ends the only one that the receiver knows.
    return f"{again} when its partner can take a new one at once; the one before ends with that, or {rfc3339(ends)}"


def _tell(work: Callable[[Context], Awaitable[Webhook]], *, as_json: bool) -> None:
    shown = record(ask(work))
    show({"webhook": shown}, card(shown), as_json=as_json)
