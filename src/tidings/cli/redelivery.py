"""``tidings redelivery``: many deliveries that are sent again, and how far that has come.

Owns how one is begun and followed from the command line; a running service does the work.
"""

import asyncio
import sys
from typing import Annotated, Any, TypeAlias

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tidings.actions import bulk_redelivery
from tidings.actions.bulk_redelivery import Redelivery, RedeliveryState, Selection
from tidings.actions.context import Context
from tidings.cli.printing import AsJson, Record, card, more, record, show, table
from tidings.cli.session import ask
from tidings.core.instants import rfc3339_micros

app = typer.Typer(help="Many deliveries that are sent again at once.")

RedeliveryId: TypeAlias = Annotated[str, typer.Argument(metavar="ID", help="The redelivery's id.")]

_COLUMNS = ("id", "state", "partner", "webhook", "rate", "total", "made", "left_out", "refused", "created_at")
_MOST = 1000
_EVERY_S = 0.25


@app.command("list")
def list_redeliveries(
    *,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="How many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Goes on where a page ended.")] = None,
    as_json: AsJson = False,
) -> None:
    """List redeliveries, newest first."""
    page = ask(lambda ctx: bulk_redelivery.list_redeliveries(ctx, limit=limit, cursor=cursor))
    found = [_fields(job) for job in page.redeliveries]
    lines = [{**one, **one["selection"], "state": one["state"]} for one in found]
    people = more(table(lines, _COLUMNS, empty="There are no redeliveries."), page.next_cursor)
    show({"redeliveries": found, "next_cursor": page.next_cursor}, people, as_json=as_json)


@app.command("show")
def show_redelivery(redelivery_id: RedeliveryId, *, as_json: AsJson = False) -> None:
    """Show how far a redelivery has come."""
    _show(ask(lambda ctx: bulk_redelivery.show(ctx, redelivery_id)), as_json=as_json)


@app.command("cancel")
def cancel(redelivery_id: RedeliveryId, *, as_json: AsJson = False) -> None:
    """Make no more deliveries. Those that were made stay; a redelivery that has ended stays as it is."""
    _show(ask(lambda ctx: bulk_redelivery.cancel(ctx, redelivery_id)), as_json=as_json)


def count(wanted: Selection, *, as_json: bool) -> None:
    """Say what a redelivery would find, and change nothing."""
    found = ask(lambda ctx: bulk_redelivery.preview(ctx, wanted))
    show({"preview": record(found)}, card(record(found)), as_json=as_json)


def begin(wanted: Selection, *, rate: int, follow: bool, as_json: bool) -> None:
    """Begin a redelivery, and follow it to its end unless told otherwise."""

    async def work(ctx: Context) -> Redelivery:
        job = await bulk_redelivery.start(ctx, wanted, rate=rate)
        return await _follow(ctx, job) if follow else job

    _show(ask(work), as_json=as_json)


async def _follow(ctx: Context, job: Redelivery) -> Redelivery:
    columns = (TextColumn("sending again"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("", total=job.total)
        while job.state is RedeliveryState.RUNNING:
            await asyncio.sleep(_EVERY_S)
            job = await bulk_redelivery.show(ctx, job.id)
            progress.update(bar, completed=job.made + job.left_out + job.refused)
    return job


def _show(job: Redelivery, *, as_json: bool) -> None:
    fields = _fields(job)
    selection = {f"selected {name}": value for name, value in fields["selection"].items() if value is not None}
    people = {name: value for name, value in fields.items() if name != "selection"}
    show({"redelivery": fields}, card({**people, **selection}), as_json=as_json)


def _fields(job: Redelivery) -> Record:
    own = ("id", "state", "rate", "total", "made", "left_out", "refused", "created_at", "finished_at")
    fields: dict[str, Any] = record(job)
    wanted = {**record(job.selection), "since": _moment(job.selection.since), "until": _moment(job.selection.until)}
    return {**{name: fields[name] for name in own}, "selection": wanted}


def _moment(instant: int | None) -> str | None:
    return None if instant is None else rfc3339_micros(instant)
