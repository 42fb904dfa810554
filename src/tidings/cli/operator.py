"""``tidings operator``: the people who use the console."""

import sys
from typing import Annotated, TypeAlias

import typer

from tidings.actions import operators
from tidings.actions.operators import NewPassword
from tidings.cli.printing import AsJson, Record, card, record, show, show_once, table
from tidings.cli.session import ask
from tidings.core.model import OperatorRole
from tidings.core.secret import Secret

app = typer.Typer(help="Operators of the console at /console.")

Name: TypeAlias = Annotated[str, typer.Argument(help="The name that the operator logs in with.")]
FromStdin: TypeAlias = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
]
Generate: TypeAlias = Annotated[
    bool, typer.Option("--generate", help="Make a password and show it this once, also on a terminal.")
]


@app.command("create")
def create(
    name: Name,
    *,
    role: Annotated[
        OperatorRole, typer.Option(help="A viewer sees everything; an operator also acts.")
    ] = OperatorRole.OPERATOR,
    password_stdin: FromStdin = False,
    generate: Generate = False,
    as_json: AsJson = False,
) -> None:
    """Create an operator. The password is asked for on a terminal; elsewhere one is made and shown this once."""
    password = _password(from_stdin=password_stdin, ask_for_it=not generate and not as_json)
    _show(ask(lambda ctx: operators.create(ctx, name, role=role, password=password)), as_json=as_json)


@app.command("list")
def list_operators(*, as_json: AsJson = False) -> None:
    """List the operators."""
    found = [record(operator) for operator in ask(operators.list_operators)]
    people = table(found, ("name", "role", "created_at", "disabled_at"), empty="There are no operators.")
    show({"operators": found}, people, as_json=as_json)


@app.command("set-password")
def set_password(
    name: Name, *, password_stdin: FromStdin = False, generate: Generate = False, as_json: AsJson = False
) -> None:
    """Give an operator another password, and log them out everywhere."""
    password = _password(from_stdin=password_stdin, ask_for_it=not generate and not as_json)
    _show(ask(lambda ctx: operators.set_password(ctx, name, password=password)), as_json=as_json)


@app.command("disable")
def disable(name: Name, *, as_json: AsJson = False) -> None:
    """Disable an operator: logged out at once, and not admitted again."""
    shown = record(ask(lambda ctx: operators.disable(ctx, name)))
    show({"operator": shown}, card(shown), as_json=as_json)


@app.command("enable")
def enable(name: Name, *, as_json: AsJson = False) -> None:
    """Admit an operator again."""
    shown = record(ask(lambda ctx: operators.enable(ctx, name)))
    show({"operator": shown}, card(shown), as_json=as_json)


def _password(*, from_stdin: bool, ask_for_it: bool) -> Secret | None:
    """Return the chosen password, or None when one is to be made."""
    if from_stdin:
        return Secret(sys.stdin.buffer.readline().rstrip(b"\r\n"))
    if ask_for_it and sys.stdin.isatty():
        return Secret(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True).encode())
    return None


def _show(made: NewPassword, *, as_json: bool) -> None:
    document: Record = {"operator": record(made.operator)}
    if made.password is None:
        show(document, card(document["operator"]), as_json=as_json)
        return
    document["password"] = made.password.reveal().decode()
    people = card({**document["operator"], "password": document["password"]})
    instead = f"run `tidings operator set-password {made.operator.name}`"
    show_once(document, people, what="password", instead=instead, as_json=as_json)
