"""``tidings partner``: the tenants."""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias

import typer

from tidings.actions import partners, portal
from tidings.actions.context import Context
from tidings.cli.printing import AsJson, Record, card, record, show, show_once, stack, table
from tidings.cli.session import ask
from tidings.core.instants import rfc3339_micros
from tidings.core.model import Partner

app = typer.Typer(help="Partners and the hosts they may be called back at.")

_BASE_URL = re.compile(r"https?://[\w.:\[\]-]+/?", re.ASCII)

PartnerId: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="The partner's id.")]


@app.command("create")
def create(
    partner_id: PartnerId,
    *,
    name: Annotated[str | None, typer.Option(help="The name that people read; the id when not given.")] = None,
    allow_host: Annotated[
        list[str] | None, typer.Option(metavar="HOST", help="A host that callback URLs may name. May be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a partner with its first API key. The key's secret is shown this once."""
    made = ask(lambda ctx: partners.create(ctx, partner_id, name=name, allow_hosts=allow_host or ()))
    document: Record = {
        "partner": record(made.partner),
        "api_key": made.key,
        "api_secret": made.secret.reveal().decode(),
    }
    people = card({**document["partner"], "api_key": document["api_key"], "api_secret": document["api_secret"]})
    instead = f"run `tidings key revoke {made.key}`, then `tidings key create {made.partner.id}` for another key"
    show_once(document, people, what="secret", instead=instead, as_json=as_json)


@app.command("list")
def list_partners(*, as_json: AsJson = False) -> None:
    """List the partners."""
    found = [record(partner) for partner in ask(partners.list_partners)]
    columns = ("id", "name", "enabled", "allowed_hosts", "created_at")
    show({"partners": found}, table(found, columns, empty="There are no partners."), as_json=as_json)


@app.command("show")
def show_partner(partner_id: PartnerId, *, as_json: AsJson = False) -> None:
    """Show a partner with its API keys and webhooks."""
    view = ask(lambda ctx: partners.show(ctx, partner_id))
    document: Record = {
        "partner": record(view.partner),
        "keys": [record(key) for key in view.keys],
        "webhooks": [record(webhook) for webhook in view.webhooks],
    }
    people = stack(
        card(document["partner"]),
        table(
            document["keys"], ("key", "permissions", "nonce_window", "created_at", "revoked_at"), empty="No API keys."
        ),
        table(document["webhooks"], ("id", "url", "enabled", "events", "updated_at"), empty="No webhooks."),
    )
    show(document, people, as_json=as_json)


@app.command("allow-host")
def allow_host(
    partner_id: PartnerId,
    host: Annotated[str, typer.Argument(help="The host that callback URLs may name.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Allow callback URLs of a partner to name a host."""
    _change(lambda ctx: partners.allow_host(ctx, partner_id, host), as_json=as_json)


@app.command("disallow-host")
def disallow_host(
    partner_id: PartnerId,
    host: Annotated[str, typer.Argument(help="The host that no callback URL may name any more.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Take a host off a partner's list. Webhooks that are registered there stay; disable them if they must not."""
    _change(lambda ctx: partners.disallow_host(ctx, partner_id, host), as_json=as_json)


@app.command("update")
def update(
    partner_id: PartnerId,
    *,
    name: Annotated[str, typer.Option(help="The name that people read.")],
    as_json: AsJson = False,
) -> None:
    """Change a partner: give it another name."""
    _change(lambda ctx: partners.rename(ctx, partner_id, name), as_json=as_json)


@app.command("disable")
def disable(partner_id: PartnerId, *, as_json: AsJson = False) -> None:
    """Disable a partner: its keys are refused and its pending deliveries end cancelled."""
    _change(lambda ctx: partners.disable(ctx, partner_id), as_json=as_json)


@app.command("enable")
def enable(partner_id: PartnerId, *, as_json: AsJson = False) -> None:
    """Enable a partner again, for what comes after."""
    _change(lambda ctx: partners.enable(ctx, partner_id), as_json=as_json)


@app.command("portal-link")
def portal_link(
    partner_id: PartnerId,
    *,
    base_url: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where the partner reaches the service, like https://hooks.example.com; the link begins with it. "
            "When not given, only the link's path is printed.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a link to a partner's own page. It is shown this once, and opens the page once."""
    base = None if base_url is None else _base(base_url)
    made = ask(lambda ctx: portal.make_link(ctx, partner_id))
    document: Record = {
        "url": None if base is None else base + made.path,
        "path": made.path,
        "expires_at": rfc3339_micros(made.ends_at),
    }
    people = card({name: value for name, value in document.items() if value is not None})
    show_once(document, people, what="link", instead="make another one; this one expires unused", as_json=as_json)


def _base(url: str) -> str:
    """Return the URL as a link can go on behind it. Raises BadParameter."""
    if not _BASE_URL.fullmatch(url):
        raise typer.BadParameter(f"{url!r} is no address of a service, like https://hooks.example.com")
    return url.rstrip("/")


def _change(work: Callable[[Context], Awaitable[Partner]], *, as_json: bool) -> None:
    shown = record(ask(work))
    show({"partner": shown}, card(shown), as_json=as_json)
