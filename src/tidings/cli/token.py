"""``tidings token``: the platform's tokens."""

from typing import Annotated, TypeAlias

import typer

from tidings.actions import tokens
from tidings.cli.printing import AsJson, Record, card, record, show, show_once, table
from tidings.cli.session import ask
from tidings.core.roles import ALL_SCOPES, TokenScope

app = typer.Typer(help="Tokens of the platform's services.")

Name: TypeAlias = Annotated[str, typer.Argument(help="What the token is called, like the service that uses it.")]


@app.command("create")
def create(
    name: Name,
    *,
    scope: Annotated[
        list[TokenScope] | None,
        typer.Option(
            help="What the token may do: publish, read, operate, or admin, which is everything. May be repeated; "
            "all when not given."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Create a token. It is shown this once, and stored only as a hash."""
    made = ask(lambda ctx: tokens.create(ctx, name, scopes=scope or ALL_SCOPES))
    document: Record = {"name": made.name, "scopes": list(made.scopes), "token": made.token}
    instead = f"run `tidings token revoke {made.name}`, then create another of a new name"
    show_once(document, card(document), what="token", instead=instead, as_json=as_json)


@app.command("list")
def list_tokens(*, as_json: AsJson = False) -> None:
    """List the tokens, without the tokens themselves."""
    found = [record(token) for token in ask(tokens.list_tokens)]
    people = table(found, ("name", "scopes", "created_at", "revoked_at"), empty="There are no tokens.")
    show({"tokens": found}, people, as_json=as_json)


@app.command("revoke")
def revoke(name: Name, *, as_json: AsJson = False) -> None:
    """Revoke a token: from now on it is refused."""
    shown = record(ask(lambda ctx: tokens.revoke(ctx, name)))
    show({"token": shown}, card(shown), as_json=as_json)
