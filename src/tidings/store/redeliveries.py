"""Statements on redeliveries: jobs that send many deliveries again."""

from typing import Any

from sqlalchemy import BigInteger, Connection, Row, String, bindparam, insert, literal_column, select, update

from tidings.core.instants import Instant
from tidings.core.model import State
from tidings.core.redelivery import Redelivery, RedeliveryState, Selection
from tidings.store.bookkeeping import redeliveries
from tidings.store.windows import Along, Slice
from tidings.store.windows import page as page_along

# Spelt out, as the partial index spells it.
_RUNNING = redeliveries.c.state == literal_column("'running'")

# Asked several times a second while one runs, in the one thread that writes: built once.
_DUE = (
    select(redeliveries)
    .where(_RUNNING, redeliveries.c.due_at <= bindparam("now", type_=BigInteger()))
    .order_by(redeliveries.c.due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_NEXT_DUE_AT = select(redeliveries.c.due_at).where(_RUNNING).order_by(redeliveries.c.due_at).limit(1)
_MOVING = ("state", "made", "left_out", "refused", "due_at", "finished_at", "cursor")
"""What changes while a redelivery runs, and when it ends; the rest is as it was asked for."""
_SAVE = (
    update(redeliveries)
    .where(redeliveries.c.id == bindparam("job", type_=String()))
    .values({title: bindparam(f"new_{title}", type_=redeliveries.c[title].type) for title in _MOVING})
)


def insert_one(connection: Connection, job: Redelivery) -> None:
    connection.execute(insert(redeliveries).values(_columns(job)))


def get(connection: Connection, name: str) -> Redelivery | None:
    row = connection.execute(select(redeliveries).where(redeliveries.c.id == name)).one_or_none()
    return None if row is None else _redelivery(row)


def get_for_update(connection: Connection, name: str) -> Redelivery | None:
    """Do as ``get`` does, and hold the row until the transaction ends."""
    row = connection.execute(select(redeliveries).where(redeliveries.c.id == name).with_for_update()).one_or_none()
    return None if row is None else _redelivery(row)


def page(connection: Connection, *, before: str | None, limit: int) -> Slice[Redelivery]:
    """Return at most ``limit`` redeliveries, newest first, older than the redelivery ``before``."""
    found = page_along(connection, select(redeliveries), Along(key=redeliveries.c.id), before=before, limit=limit)
    return Slice([_redelivery(row) for row in found.rows], found.goes_on)


def take_due(connection: Connection, *, now: Instant) -> Redelivery | None:
    """Return the running redelivery that is due the longest, held until the transaction ends; others pass it by."""
    row = connection.execute(_DUE, {"now": now}).one_or_none()
    return None if row is None else _redelivery(row)


def next_due_at(connection: Connection) -> Instant | None:
    """Return when the first running redelivery is due; None when none runs."""
    found: Instant | None = connection.execute(_NEXT_DUE_AT).scalar()
    return found


def save(connection: Connection, job: Redelivery) -> None:
    """Write how far a redelivery has come."""
    columns = _columns(job)
    connection.execute(_SAVE, {"job": job.id} | {f"new_{title}": columns[title] for title in _MOVING})


def _columns(job: Redelivery) -> dict[str, object]:
    own = {name: getattr(job, name) for name in Redelivery.__struct_fields__ if name != "selection"}
    wanted = job.selection
    return {
        **own,
        "state": job.state.value,
        "partner_id": wanted.partner,
        "webhook_id": wanted.webhook,
        "event_type": wanted.event_type,
        "of_state": wanted.state.value,
        "since": wanted.since,
        "until": wanted.until,
    }


def _redelivery(row: Row[Any]) -> Redelivery:
    selection = Selection(
        partner=row.partner_id,
        webhook=row.webhook_id,
        event_type=row.event_type,
        state=State(row.of_state),
        since=row.since,
        until=row.until,
    )
    own = {name: getattr(row, name) for name in Redelivery.__struct_fields__ if name != "selection"}
    return Redelivery(selection=selection, **(own | {"state": RedeliveryState(row.state)}))
