"""``tidings keyring``: the master keys, and what is sealed under which."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer
from rich.console import Console
from rich.progress import Progress

from tidings.actions import keyring
from tidings.actions.context import Context
from tidings.actions.keyring import Tell, Unopened
from tidings.cli.printing import AsJson, Record, record, show, stack, table
from tidings.cli.session import ask

app = typer.Typer(help="Master keys: what is sealed under which, and everything sealed anew under the newest.")

T = TypeVar("T")

_KEYS = ("id", "given", "newest", "secrets", "opened")
_SHUT = ("table", "row", "purpose", "key_id")


@app.command("status")
def status(*, as_json: AsJson = False) -> None:
    """Say how many secrets are sealed under which master key, and whether each opens. Fails when one does not."""
    found = _with_progress("opening", keyring.look)
    keys = [record(key) for key in found.keys]
    document: Record = {"keys": keys, **_shut(found.unopened)}
    parts = [table(keys, _KEYS, empty="")]
    if found.unopened.count:
        parts.append(table(document["unopened"], _SHUT, empty=""))
    show(document, stack(*parts), as_json=as_json)
    _fail_if_shut(found.unopened)


@app.command("rotate")
def rotate(*, as_json: AsJson = False) -> None:
    """Seal every secret anew under the newest master key.

    Safe beside running services that know the key, safe to interrupt and to repeat. Fails when a secret does not open.
    """
    done = _with_progress("sealing", keyring.reseal)
    document: Record = {"sealed": done.sealed, "settled": done.settled, **_shut(done.unopened)}
    show(document, f"{done.sealed} secrets were sealed anew under the newest master key.", as_json=as_json)
    _fail_if_shut(done.unopened)
    if not done.settled:
        _fail(
            "secrets are still being sealed under an older key: restart every service with the new key first, "
            "then run this again"
        )


def _with_progress(what: str, work: Callable[[Context, Tell], Awaitable[T]]) -> T:
    async def watched(ctx: Context) -> T:
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task(what, total=await keyring.count(ctx))
            return await work(ctx, lambda looked_at: progress.advance(task, looked_at))

    return ask(watched)


def _shut(unopened: Unopened) -> Record:
    return {"unopened_count": unopened.count, "unopened": [record(one) for one in unopened.first]}


def _fail_if_shut(unopened: Unopened) -> None:
    if unopened.count:
        first = unopened.first[0]
        more = f" and {unopened.count - 1} more" if unopened.count > 1 else ""
        key = "no key" if first.key_id is None else f"key {first.key_id}"
        _fail(
            f"a secret does not open with the master keys at hand: {first.purpose} of {first.row} ({key}){more}; "
            "add the one under which it was sealed (TIDINGS_MASTER_KEY, or the file beside a SQLite database)"
        )


def _fail(line: str) -> None:
    typer.echo(f"tidings: {line}", err=True)
    raise typer.Exit(1)
