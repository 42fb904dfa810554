"""``tidings check``: whether this installation is as it must be.

Owns the order of the questions: each makes sense only when the ones before it were answered well. Changes nothing,
and makes neither a database nor a key.
"""

import asyncio
import stat
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path

import msgspec
import typer
from msgspec import Struct
from rich.console import RenderableType

from tidings import app, settings
from tidings.actions.context import Context
from tidings.actions.operations import check_url
from tidings.cli.printing import AsJson, show, table
from tidings.clock import Clock
from tidings.core.instants import SECOND, rfc3339
from tidings.errors import Misconfigured, TidingsError
from tidings.settings import Settings
from tidings.store import browsing, schema, sealed, vault
from tidings.store.delivery_filter import DeliveryFilter
from tidings.store.safety import refuse_unsafe

_RELEASED = 1_735_689_600 * SECOND
"""2025-01-01: no clock that is right shows an earlier moment."""
_TOLERATED = 5 * SECOND
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Answer(Struct, frozen=True, kw_only=True):
    """``says`` is what is right, or what is wrong and what would be right."""

    question: str
    ok: bool
    says: str


def check(*, as_json: AsJson = False) -> None:
    """Look at settings, database, schema, master key and clock, and say what is wrong."""
    answers = list(_answers())
    document = {
        "ok": all(answer.ok for answer in answers),
        "checks": [msgspec.structs.asdict(answer) for answer in answers],
    }
    show(document, _people(answers), as_json=as_json)
    for answer in answers:
        if not answer.ok:
            typer.echo(f"tidings: {answer.question}: {answer.says}", err=True)
            raise typer.Exit(1)


def _answers() -> Iterator[Answer]:
    try:
        configuration = settings.load()
    except Misconfigured as error:
        yield Answer(question="settings", ok=False, says=str(error))
        return
    yield Answer(question="settings", ok=True, says="all known and well spelt")
    for question, look in _QUESTIONS.items():
        try:
            yield Answer(question=question, ok=True, says=asyncio.run(look(configuration)))
        except TidingsError as error:
            yield Answer(question=question, ok=False, says=str(error))
            return


def _people(answers: list[Answer]) -> RenderableType:
    records = [msgspec.structs.asdict(answer) for answer in answers]
    return table(records, ("question", "ok", "says"), empty="")


async def _database(configuration: Settings) -> str:
    file = configuration.sqlite_file
    async with app.database(configuration) as database:
        if file is not None and not file.exists():
            raise Misconfigured(f"{file} does not exist yet; `tidings serve` or `tidings migrate` makes it")
        await database.read(partial(refuse_unsafe, clock=Clock()))
    return "answers, and keeps what it commits"


async def _schema(configuration: Settings) -> str:
    async with app.database(configuration) as database:
        await database.read(schema.refuse_other)
        return f"{await database.read(schema.current)}, which this release knows"


async def _master_key(configuration: Settings) -> str:
    file = configuration.sqlite_file
    if not configuration.master_key and file is not None:
        _look_at(vault.key_file(file))
    async with app.context(configuration) as ctx:
        return await _opened(ctx)


def _look_at(file: Path) -> None:
    if not file.exists():
        raise Misconfigured(f"TIDINGS_MASTER_KEY is unset, and {file} does not exist")
    if file.stat().st_mode & _OTHERS:
        raise Misconfigured(f"TIDINGS_MASTER_KEY: others may read {file}; run `chmod 600 {file}`")


async def _opened(ctx: Context) -> str:
    found = 0
    for place in sealed.PLACES:
        for one in await ctx.store.read(partial(sealed.page, place=place, after="", most=1)):
            ctx.store.vault.open(one.text, table=place.table, row=one.row, purpose=place.purpose)
            found += 1
    return "opens what is sealed in the database" if found else "there, and nothing is sealed yet"


async def _operations(configuration: Settings) -> str:
    if configuration.operations_url is None:
        return "nobody is told what goes wrong (TIDINGS_OPERATIONS_URL)"
    async with app.context(configuration) as ctx:
        check_url(ctx, configuration.operations_url)
    return "are told to a URL that may be called"


async def _clock(configuration: Settings) -> str:
    async with app.context(configuration) as ctx:
        now = ctx.clock.now()
        newest = await ctx.store.read(partial(browsing.page, wanted=DeliveryFilter(), before=None, limit=1))
    if now < _RELEASED:
        raise Misconfigured(f"the clock says {rfc3339(now)}, before this release was made; set it")
    if newest.rows and newest.rows[0].created_at > now + _TOLERATED:
        raise Misconfigured(
            f"the clock says {rfc3339(now)}, but the newest delivery is of {rfc3339(newest.rows[0].created_at)}; set it"
        )
    return f"{rfc3339(now)}, later than everything in the database"


_QUESTIONS: dict[str, Callable[[Settings], Coroutine[None, None, str]]] = {
    "database": _database,
    "schema": _schema,
    "master key": _master_key,
    "operational events": _operations,
    "clock": _clock,
}
