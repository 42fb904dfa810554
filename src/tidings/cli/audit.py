"""``tidings audit``: who did what."""

from typing import Annotated

import typer

from tidings.actions import auditing
from tidings.actions.auditing import AuditFilter
from tidings.cli.moments import Since, Until
from tidings.cli.printing import AsJson, more, record, show, table
from tidings.cli.session import ask
from tidings.core.audit import AuditAction, Entry

app = typer.Typer(help="The audit trail: who did what, when, and from where.")

_COLUMNS = ("created_at", "actor", "address", "action", "partner", "subject", "details")
_MOST = 1000


@app.command("list")
def list_entries(  # noqa: PLR0913 - one option for each filter
    *,
    partner: Annotated[str | None, typer.Option(help="Only what concerned this partner.")] = None,
    actor: Annotated[
        str | None, typer.Option(metavar="KIND:NAME", help="Only what this actor did, like token:billing.")
    ] = None,
    action: Annotated[AuditAction | None, typer.Option(help="Only this action, like key.revoke.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Goes on where a page ended.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what was done, newest first."""
    wanted = AuditFilter(partner=partner, actor=actor, action=action, since=since, until=until)
    trail = ask(lambda ctx: auditing.list_entries(ctx, wanted, limit=limit, cursor=cursor))
    entries = table([_for_people(entry) for entry in trail.entries], _COLUMNS, empty="There are no such entries.")
    document = {"entries": [record(entry) for entry in trail.entries], "next_cursor": trail.next_cursor}
    show(document, more(entries, trail.next_cursor), as_json=as_json)


def _for_people(entry: Entry) -> dict[str, object]:
    details = [f"{name}={_plain(value)}" for name, value in entry.details.items()]
    return record(entry) | {"details": details}


def _plain(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
