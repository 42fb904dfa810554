"""Which deliveries a redelivery is about, the oldest first, a bounded number of rows at a time.

Owns the rule of what is left out, since it has been sent again already: a delivery is left out when a newer delivery of
its event to its webhook waits, is in flight or arrived, or is itself selected, and then stands for it. So an event is
made at most once for a webhook, however long its chain of redeliveries is and whoever made them.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Integer, and_, cast, func, select

from tidings.core.model import State
from tidings.core.redelivery import Selection
from tidings.store.delivery_filter import DeliveryFilter, along_of
from tidings.store.dialects import is_shared
from tidings.store.tables import deliveries
from tidings.store.windows import Condition

AT_ONCE = 500
"""Deliveries that are looked at together, at most, to be sent again or left out."""
STRIDE = 2_000
"""Rows that are looked at for them: others write meanwhile, and must not wait for a search."""

WINDOW = 20_000
"""Rows that one step of a count looks at: nobody waits for a single one."""


class Candidate(Struct, frozen=True, kw_only=True):
    """A delivery that is wanted; ``left_out`` when it has been sent again already."""

    id: str
    event: str
    event_type: str
    webhook: str
    partner: str
    left_out: bool


class Stretch(Struct, frozen=True):
    """Candidates of some stretch. ``reached`` is the id up to which there are no others; None at the end."""

    candidates: list[Candidate]
    reached: str | None


class Count(Struct, frozen=True):
    """How many are wanted in a stretch, and how many of them would be left out."""

    matched: int
    left_out: int
    reached: str | None


def stretch(connection: Connection, wanted: Selection, *, behind: str, up_to: str, most: int = AT_ONCE) -> Stretch:
    """Return the next ``most`` candidates behind ``behind`` and below ``up_to``, held: nobody else sends them again."""
    conditions, reached = _window(connection, wanted, behind=behind, up_to=up_to, size=STRIDE)
    ids = connection.execute(select(_ID).where(*conditions).order_by(_ID).limit(most)).scalars().all()
    if len(ids) == most:
        reached = ids[-1]
    hold(connection, ids)
    statement = select(*_COLUMNS, _is_left_out(wanted, up_to).label("left_out")).where(_ID.in_(ids)).order_by(_ID)
    return Stretch([_candidate(row) for row in connection.execute(statement)] if ids else [], reached)


def hold(connection: Connection, ids: Sequence[str]) -> None:
    """Make those who would send these deliveries again come one after the other. SQLite has one writer anyway."""
    if is_shared(connection) and ids:
        connection.execute(select(_ID).where(_ID.in_(ids)).order_by(_ID).with_for_update())


def count(connection: Connection, wanted: Selection, *, behind: str, up_to: str, window: int = WINDOW) -> Count:
    """Count a stretch of ``window`` rows behind ``behind`` and below ``up_to``."""
    conditions, reached = _window(connection, wanted, behind=behind, up_to=up_to, size=window)
    found = select(cast(_is_left_out(wanted, up_to), Integer).label("left_out")).where(*conditions).subquery()
    sums = select(func.count(), func.coalesce(func.sum(found.c.left_out), 0)).select_from(found)
    row = connection.execute(sums).one()
    return Count(int(row[0]), int(row[1]), reached)


_ID = deliveries.c.id
_COLUMNS = (_ID, deliveries.c.event_id, deliveries.c.event_type, deliveries.c.webhook_id, deliveries.c.partner_id)
_STANDING = (State.PENDING.value, State.IN_FLIGHT.value, State.DELIVERED.value)


def _window(
    connection: Connection, wanted: Selection, *, behind: str, up_to: str, size: int
) -> tuple[list[Condition], str | None]:
    """Return the conditions of the next window, and where it ends; None when it is the last one."""
    along = along_of(connection, _filter(wanted))
    served = [*along.served, behind < _ID]
    ahead = select(_ID).where(*served, up_to > _ID).order_by(_ID)
    end = connection.execute(ahead.offset(size - 1).limit(1)).scalar()
    # One bound, not both: SQLite goes by the first one that it is told, and would read on to the end of everything.
    served.append(up_to > _ID if end is None else end >= _ID)
    return [*served, *along.judged], end


def _is_left_out(wanted: Selection, up_to: str) -> ColumnElement[bool]:
    newer = deliveries.alias("newer")
    selected: list[Condition] = [newer.c.state == wanted.state.value, newer.c.id < up_to]
    if wanted.until is not None:
        selected.append(newer.c.created_at < wanted.until)
    same = (newer.c.event_id == deliveries.c.event_id, newer.c.webhook_id == deliveries.c.webhook_id)
    stands = newer.c.state.in_(_STANDING) | and_(*selected)
    return select(newer.c.id).where(*same, newer.c.id > _ID, stands).exists()


def _filter(wanted: Selection) -> DeliveryFilter:
    return DeliveryFilter(
        partner=wanted.partner,
        webhook=wanted.webhook,
        event_type=wanted.event_type,
        state=wanted.state,
        since=wanted.since,
        until=wanted.until,
    )


def _candidate(row: Any) -> Candidate:  # noqa: ANN401 - a row of the statement above
    return Candidate(
        id=row.id,
        event=row.event_id,
        event_type=row.event_type,
        webhook=row.webhook_id,
        partner=row.partner_id,
        left_out=bool(row.left_out),
    )
