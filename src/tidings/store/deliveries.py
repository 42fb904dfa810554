"""Statements that make deliveries and move them from state to state.

Owns every write to a delivery's state. Each moving statement is made by ``_moving`` from the table of legal moves
(core.delivery), carries the state it moves from as a condition, and so cannot touch a delivery that has ended.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    String,
    Text,
    Update,
    bindparam,
    case,
    literal_column,
    null,
    select,
    update,
)

from tidings.core.delivery import TRANSITIONS, Move
from tidings.core.instants import Instant
from tidings.core.model import State
from tidings.core.outcome import Code
from tidings.store.journal import Owner
from tidings.store.rows import Given, fetch_all, given_for, in_one_value, insert_given
from tidings.store.spelling import in_words, unlike_an_index
from tidings.store.tables import deliveries


class NewDelivery(Struct, frozen=True, array_like=True, kw_only=True):
    """A row to be made, in the order of the columns."""

    id: str
    event_id: str
    event_type: str
    webhook_id: str
    partner_id: str
    state: str
    attempts: int
    due_at: Instant
    lease_token: str | None
    lease_until: Instant | None
    leases_lost: int
    first_attempt_at: Instant | None
    give_up_at: Instant | None
    created_at: Instant
    redelivery_of: str | None


class EndedAttempt(Struct, frozen=True, array_like=True, kw_only=True):
    """What moving a delivery needs of the attempt that ended. ``lease_token`` fences: a late worker changes nothing."""

    id: str
    lease_token: str
    due_at: Instant | None
    finished_at: Instant | None
    last_outcome: str
    last_status: int | None


class Expired(Struct, frozen=True):
    """A delivery that waited until its window closed."""

    id: str
    owner: Owner


class _Name(Struct, frozen=True, array_like=True):
    id: str


class _Held(Struct, frozen=True, array_like=True):
    id: str
    lease_token: str


_now = bindparam("now", type_=BigInteger())
_new = given_for(deliveries, NewDelivery.__struct_fields__)
_INSERT = insert_given(deliveries, _new, NewDelivery.__struct_fields__)
_ended = given_for(deliveries, EndedAttempt.__struct_fields__)
_leased = given_for(deliveries, ("id", "lease_token"))
_claimed = given_for(deliveries, ("id", "first_attempt_at", "give_up_at"))


_state = unlike_an_index(deliveries.c.state)
_waiting = deliveries.alias("waiting")
_closed = (
    select(_waiting.c.id)
    .where(_waiting.c.state == in_words(State.PENDING), _waiting.c.give_up_at < _now)
    .order_by(_waiting.c.give_up_at)
    .limit(bindparam("most"))
)
_unwanted = (
    select(_waiting.c.id)
    .where(_waiting.c.webhook_id == bindparam("webhook", type_=String()), _waiting.c.state == in_words(State.PENDING))
    .order_by(_waiting.c.due_at)
    .limit(bindparam("most"))
)


def _moving_by_id(move: Move, given: Given) -> Update:
    return _moving_from(_state, move).where(deliveries.c.id == given["id"])


def _moving_from(state: ColumnElement[str], move: Move) -> Update:
    before, after = TRANSITIONS[move]
    if before is None:
        raise ValueError(f"{move} is not a move of a delivery that exists")
    return update(deliveries).where(state == in_words(before)).values(state=after.value)


def _recording(move: Move) -> Update:
    lost = _ended["last_outcome"] == Code.LEASE_LOST.value
    return (
        _moving_by_id(move, _ended)
        .where(deliveries.c.lease_token == _ended["lease_token"])
        .values(
            {
                "due_at": _ended["due_at"],
                "finished_at": _ended["finished_at"],
                "last_outcome": _ended["last_outcome"],
                "last_status": _ended["last_status"],
                "lease_until": null(),
                "leases_lost": case((lost, deliveries.c.leases_lost + 1), else_=deliveries.c.leases_lost),
            }
        )
    )


_ONLY_ATTEMPT = deliveries.c.attempts == 1

MOVING: dict[Move, Update] = {
    Move.CLAIMED: _moving_by_id(Move.CLAIMED, _claimed).values(
        attempts=deliveries.c.attempts + 1,
        lease_token=bindparam("token", type_=String()),
        lease_until=bindparam("until", type_=BigInteger()),
        first_attempt_at=_claimed["first_attempt_at"],
        give_up_at=_claimed["give_up_at"],
    ),
    Move.RELEASED: _moving_by_id(Move.RELEASED, _leased)
    .where(deliveries.c.lease_token == _leased["lease_token"])
    .values(
        attempts=deliveries.c.attempts - 1,
        lease_token=null(),
        lease_until=null(),
        first_attempt_at=case((_ONLY_ATTEMPT, null()), else_=deliveries.c.first_attempt_at),
        give_up_at=case((_ONLY_ATTEMPT, null()), else_=deliveries.c.give_up_at),
    ),
    Move.SUCCEEDED: _recording(Move.SUCCEEDED),
    Move.PUT_OFF: _recording(Move.PUT_OFF),
    Move.GAVE_UP: _recording(Move.GAVE_UP),
    Move.CUT_OFF: _recording(Move.CUT_OFF),
    Move.LEASE_LOST: _recording(Move.LEASE_LOST),
    Move.EXPIRED: _moving_from(_state, Move.EXPIRED)
    .where(deliveries.c.id.in_(_closed))
    .values(due_at=null(), finished_at=_now),
    Move.WITHDRAWN: _moving_from(_state, Move.WITHDRAWN)
    .where(deliveries.c.id.in_(_unwanted))
    .values(due_at=null(), finished_at=_now),
}
"""Every statement that moves a delivery; a test compares them with ``TRANSITIONS``."""

# Whoever recorded an attempt leaves its token as the sign of it; what was taken from its worker bears none.
_RESCUING = {move: MOVING[move].values(lease_token=null()) for move in (Move.LEASE_LOST, Move.GAVE_UP, Move.CUT_OFF)}

_OWNER = (deliveries.c.partner_id, deliveries.c.webhook_id, deliveries.c.event_type)
_EXPIRE = MOVING[Move.EXPIRED].returning(deliveries.c.id, *_OWNER)
_WITHDRAW = MOVING[Move.WITHDRAWN].returning(*_OWNER)

_FENCED_OUT = in_one_value(
    select(_leased["id"], _leased["lease_token"])
    .select_from(
        _leased.source.outerjoin(
            deliveries,
            (deliveries.c.id == _leased["id"]) & (deliveries.c.lease_token == _leased["lease_token"]),
        )
    )
    .where(deliveries.c.id.is_(None))
)

# A window that was never open is the sign of what was in flight when its webhook was paused: also when the webhook is
# enabled again before the attempt ends, no other attempt follows.
_CUT_SHORT: Instant = 0
_sent = deliveries.alias("sent")
_of_the_webhook = (
    select(_sent.c.id)
    .where(
        _sent.c.state == in_words(State.IN_FLIGHT),
        _sent.c.lease_until >= literal_column("0", BigInteger()),
        _sent.c.webhook_id == bindparam("webhook", type_=String()),
    )
    # What another holds just now is being recorded as a success: every other end waits for whoever pauses.
    .with_for_update(skip_locked=True)
)
_CUT = update(deliveries).where(deliveries.c.id.in_(_of_the_webhook)).values(give_up_at=_CUT_SHORT)
_named = Given("named", [("id", Text)])
_WERE_CUT = in_one_value(
    select(deliveries.c.id).where(
        deliveries.c.id.in_(select(_named["id"]).select_from(_named.source)), deliveries.c.give_up_at == _CUT_SHORT
    )
)


def insert(connection: Connection, rows: Sequence[NewDelivery]) -> None:
    connection.execute(_INSERT, _new.bind(rows))


def record(connection: Connection, move: Move, rows: Sequence[EndedAttempt]) -> int:
    """Move deliveries whose attempt ended; return how many still held their lease."""
    return connection.execute(MOVING[move], _ended.bind(rows)).rowcount


def rescue(connection: Connection, move: Move, rows: Sequence[EndedAttempt]) -> int:
    """Do as ``record`` does for attempts that were lost with their worker, which records nothing from then on."""
    return connection.execute(_RESCUING[move], _ended.bind(rows)).rowcount


def fenced_out(connection: Connection, leases: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of ``leases`` (id, token) that were taken from their worker before it recorded a result."""
    return {(row.id, row.lease_token) for row in fetch_all(connection, _FENCED_OUT, _Held, **_leased.bind(leases))}


def claim(connection: Connection, rows: Sequence[tuple[str, Instant, Instant]], *, token: str, until: Instant) -> int:
    """Lease deliveries, each given as (id, first attempt, last moment at which an attempt may start).

    Return how many.
    """
    return connection.execute(MOVING[Move.CLAIMED], _claimed.bind(rows) | {"token": token, "until": until}).rowcount


def release(connection: Connection, leases: Sequence[tuple[str, str]]) -> int:
    """Give deliveries back unsent, and return how many; the attempt that was not made does not count."""
    return connection.execute(MOVING[Move.RELEASED], _leased.bind(leases)).rowcount


def expire(connection: Connection, now: Instant, *, most: int) -> list[Expired]:
    """End up to ``most`` whose window closed while they waited; return them."""
    rows = connection.execute(_EXPIRE, {"now": now, "most": most}).all()
    return [Expired(row.id, Owner(row.partner_id, row.webhook_id, row.event_type)) for row in rows]


def withdraw(connection: Connection, *, webhook: str, now: Instant, most: int) -> Counter[Owner]:
    """End up to ``most`` of what waits for ``webhook``; return how many, by owner."""
    return _counted(connection.execute(_WITHDRAW, {"webhook": webhook, "now": now, "most": most}))


def cut_short(connection: Connection, *, webhook: str) -> None:
    """Let no other attempt follow those that are in flight to ``webhook``."""
    connection.execute(_CUT, {"webhook": webhook})


def were_cut_short(connection: Connection, names: Sequence[str]) -> set[str]:
    """Return those of ``names`` whose webhook was paused while they were in flight."""
    given = _named.bind([(name,) for name in names])
    return {row.id for row in fetch_all(connection, _WERE_CUT, _Name, **given)}


def _counted(ended: Iterable[Row[Any]]) -> Counter[Owner]:
    return Counter(Owner(row.partner_id, row.webhook_id, row.event_type) for row in ended)
