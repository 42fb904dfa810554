"""Questions about lanes: which webhooks have something pending, and when the first of it is due.

Owns the skip scan, and what of all that waits a lane is claimed for: what may still be sent and is no suspect.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    exists,
    func,
    literal_column,
    select,
)

from tidings.core.instants import Instant
from tidings.core.model import State
from tidings.store.rows import Given, fetch_all, in_one_value
from tidings.store.spelling import in_words, unsuspected
from tidings.store.tables import deliveries, webhooks


class DueLane(Struct, frozen=True, array_like=True):
    """A webhook with something pending, and when the first of it is due."""

    webhook_id: str
    due_at: Instant


NOW = bindparam("now", type_=BigInteger())
WAITING = deliveries.alias("waiting")
WINDOW_OPEN = func.coalesce(WAITING.c.give_up_at, NOW) >= NOW
UNSUSPECTED = unsuspected(WAITING)
_named = Given("named", [("webhook_id", Text)])
# Spelled out: of a parameter, a plan that is made once and for all knows nothing.
_ONE: ColumnElement[int] = literal_column("1", BigInteger())
_BEFORE_ALL: ColumnElement[str] = literal_column("''", Text())


def _pending_after(lane: ColumnElement[str]) -> Select[str]:
    # Not min(): where PostgreSQL believes that next to nothing waits, it reads all that waits to find the least.
    return (
        select(WAITING.c.webhook_id)
        .where(WAITING.c.state == in_words(State.PENDING), WAITING.c.webhook_id > lane)
        .order_by(WAITING.c.webhook_id)
        .limit(_ONE)
    )


def _every_lane() -> FromClause:
    # A skip scan: one look at the index for each lane, however many deliveries wait in it.
    lane = select(_pending_after(_BEFORE_ALL).scalar_subquery().label("webhook_id")).cte("lane", recursive=True)
    following = _pending_after(lane.c.webhook_id).correlate(lane).scalar_subquery()
    return lane.union_all(select(following).where(lane.c.webhook_id.is_not(None)))


def _first_due(lane: ColumnElement[str], *also: ColumnElement[bool]) -> ScalarSelect[int]:
    return (
        select(WAITING.c.due_at)
        .where(WAITING.c.webhook_id == lane, WAITING.c.state == in_words(State.PENDING), *also)
        .order_by(WAITING.c.due_at)
        .limit(_ONE)
        .scalar_subquery()
    )


def every_lane(*also: ColumnElement[bool]) -> Select[Any]:
    """Return the question for every lane with something pending, and when the first of it, or of some of it, is due."""
    lane = _every_lane()
    return select(lane.c.webhook_id, _first_due(lane.c.webhook_id, *also).label("due_at")).where(
        lane.c.webhook_id.is_not(None)
    )


_ALL_LANES = in_one_value(every_lane(UNSUSPECTED))
_first_to_claim = _first_due(_named["webhook_id"], WINDOW_OPEN, UNSUSPECTED)
_SOME_LANES = in_one_value(
    select(_named["webhook_id"].label("webhook_id"), _first_to_claim.label("due_at"))
    .select_from(_named.source)
    # What no claim offers would be asked for again at once.
    .where(~exists().where(webhooks.c.id == _named["webhook_id"], webhooks.c.withdrawing))
)


class _MaybeDue(Struct, frozen=True, array_like=True):
    webhook_id: str
    due_at: Instant | None


def all_lanes(connection: Connection) -> list[DueLane]:
    """Return every lane with something pending that is not suspect."""
    return _known(fetch_all(connection, _ALL_LANES, _MaybeDue))


def next_due(connection: Connection, lanes: Sequence[str], *, now: Instant) -> dict[str, Instant]:
    """Return when the first delivery of each of ``lanes`` that may still be claimed is due; none: left out."""
    rows = fetch_all(connection, _SOME_LANES, _MaybeDue, now=now, **_named.bind([(lane,) for lane in lanes]))
    return {lane.webhook_id: lane.due_at for lane in _known(rows)}


def _known(rows: Sequence[_MaybeDue]) -> list[DueLane]:
    return [DueLane(row.webhook_id, row.due_at) for row in rows if row.due_at is not None]
