"""``tidings key``: partners' API keys."""

from typing import Annotated

import typer

from tidings.actions import keys
from tidings.cli.printing import AsJson, Record, card, record, show, show_once, table
from tidings.cli.session import ask
from tidings.core.roles import ALL_PERMISSIONS, KeyPermission

app = typer.Typer(help="API keys of partners.")


@app.command("create")
def create(
    partner: Annotated[str, typer.Argument(help="The partner's id.")],
    *,
    nonce_window: Annotated[
        int, typer.Option(min=0, max=1000, help="How far below the highest nonce an unused one is still accepted.")
    ] = 0,
    permission: Annotated[
        list[KeyPermission] | None,
        typer.Option(
            help="What the key may do: webhooks:read or webhooks:write. May be repeated; both when not given."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create an API key. Its secret is shown this once."""
    rights = permission or ALL_PERMISSIONS
    made = ask(lambda ctx: keys.create(ctx, partner, nonce_window=nonce_window, permissions=rights))
    document: Record = {"key": record(made.key), "api_key": made.key.key, "api_secret": made.secret.reveal().decode()}
    people = card({"partner": partner, "api_key": document["api_key"], "api_secret": document["api_secret"]})
    instead = f"run `tidings key revoke {made.key.key}`, then create another key"
    show_once(document, people, what="secret", instead=instead, as_json=as_json)


@app.command("list")
def list_keys(
    *,
    partner: Annotated[str | None, typer.Option(help="Only this partner's.")] = None,
    as_json: AsJson = False,
) -> None:
    """List API keys, without their secrets."""
    found = [record(key) for key in ask(lambda ctx: keys.list_keys(ctx, partner))]
    columns = ("key", "partner", "permissions", "nonce_window", "created_at", "revoked_at")
    show({"keys": found}, table(found, columns, empty="There are no API keys."), as_json=as_json)


@app.command("revoke")
def revoke(key: Annotated[str, typer.Argument(help="The public half of the key.")], *, as_json: AsJson = False) -> None:
    """Revoke an API key: from now on it is refused."""
    shown = record(ask(lambda ctx: keys.revoke(ctx, key)))
    show({"key": shown}, card(shown), as_json=as_json)
