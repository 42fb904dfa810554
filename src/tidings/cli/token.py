"""``tidings token``: the platform's tokens."""

from typing import Annotated, TypeAlias

import typer

from tidings.actions import tokens
from tidings.cli.printing import AsJson, card, record, show, stack, table
from tidings.cli.session import ask

app = typer.Typer(help="Tokens of the platform's services.")

Name: TypeAlias = Annotated[str, typer.Argument(help="What the token is called, like the service that uses it.")]


@app.command("create")
def create(name: Name, *, as_json: AsJson = False) -> None:
    """Create a token. It is shown this once, and stored only as a hash."""
    made = ask(lambda ctx: tokens.create(ctx, name))
    document = {"name": made.name, "token": made.token}
    show(document, stack(card(document), "The token cannot be shown again."), as_json=as_json)


@app.command("list")
def list_tokens(*, as_json: AsJson = False) -> None:
    """List the tokens, without the tokens themselves."""
    found = [record(token) for token in ask(tokens.list_tokens)]
    people = table(found, ("name", "created_at", "revoked_at"), empty="There are no tokens.")
    show({"tokens": found}, people, as_json=as_json)


@app.command("revoke")
def revoke(name: Name, *, as_json: AsJson = False) -> None:
    """Revoke a token: from now on it is refused."""
    shown = record(ask(lambda ctx: tokens.revoke(ctx, name)))
    show({"token": shown}, card(shown), as_json=as_json)
