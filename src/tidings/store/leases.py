"""Questions about who may work on what: due lanes, due deliveries, lost leases, paused webhooks.

Owns the shape of a claim: fair by lane, with a bounded number from each (design.md section 3).
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
    or_,
    select,
    true,
)

from tidings.core.instants import Instant
from tidings.core.model import State
from tidings.store.dialects import is_shared
from tidings.store.partners import hold_for_webhooks
from tidings.store.rows import Given, fetch_all, in_one_value
from tidings.store.tables import deliveries, events, in_words, partners, webhooks


class DueDelivery(Struct, frozen=True, array_like=True):
    """A due delivery with all that an attempt needs."""

    id: str
    partner_id: str
    event_id: str
    event_type: str
    webhook_id: str
    attempts: int
    due_at: Instant
    created_at: Instant
    first_attempt_at: Instant | None
    payload: str
    url: str
    sealed_secret: str
    old_sealed_secret: str | None
    old_secret_ends_at: Instant | None


class LostLease(Struct, frozen=True, array_like=True):
    """A delivery in flight whose lease ran out."""

    id: str
    partner_id: str
    event_id: str
    event_type: str
    webhook_id: str
    lease_token: str
    attempts: int
    leases_lost: int
    first_attempt_at: Instant
    due_at: Instant


class DueLane(Struct, frozen=True, array_like=True):
    """A webhook with something pending, and when the first of it is due."""

    webhook_id: str
    due_at: Instant


class _Name(Struct, frozen=True, array_like=True):
    id: str


_now = bindparam("now", type_=BigInteger())
_waiting = deliveries.alias("waiting")
_window_open = func.coalesce(_waiting.c.give_up_at, _now) >= _now
_lanes = Given("lanes", [("webhook_id", Text)])
_named = Given("named", [("webhook_id", Text)])
# Spelled out: of a parameter, a plan that is made once and for all knows nothing.
_ONE: ColumnElement[int] = literal_column("1", BigInteger())
_BEFORE_ALL: ColumnElement[str] = literal_column("''", Text())


_NEEDED = (
    "id",
    "partner_id",
    "event_id",
    "event_type",
    "webhook_id",
    "attempts",
    "due_at",
    "created_at",
    "first_attempt_at",
)
_OF_THE_WEBHOOK = (
    webhooks.c.url,
    webhooks.c.sealed_secret,
    webhooks.c.old_sealed_secret,
    webhooks.c.old_secret_ends_at,
)


def _due_of(lane: ColumnElement[str], *titles: str) -> Select[Any]:
    return (
        select(*(_waiting.c[title] for title in titles))
        .where(
            _waiting.c.webhook_id == lane,
            _waiting.c.state == in_words(State.PENDING),
            _waiting.c.due_at <= _now,
            _window_open,
        )
        .order_by(_waiting.c.due_at)
        .limit(bindparam("most"))
    )


def _due() -> Select[str]:
    due = _due_of(_lanes["webhook_id"], "id").correlate(_lanes.source)
    source = (
        _lanes.source.join(deliveries, deliveries.c.id.in_(due))
        .join(events, events.c.id == deliveries.c.event_id)
        .join(webhooks, webhooks.c.id == deliveries.c.webhook_id)
    )
    needed = (deliveries.c[title] for title in _NEEDED)
    offered = select(*needed, events.c.payload, *_OF_THE_WEBHOOK).where(~webhooks.c.withdrawing)
    return in_one_value(offered.select_from(source))


def _due_shared() -> Select[str]:
    # Where others claim too, each claim takes what no other holds; SQLite knows neither LATERAL nor row locks.
    # Whoever pauses a webhook waits for the claims that hold it, and no claim offers what it has paused.
    webhook = (
        select(webhooks.c.id, *_OF_THE_WEBHOOK)
        .where(webhooks.c.id == _lanes["webhook_id"], ~webhooks.c.withdrawing)
        .correlate(_lanes.source)
        .with_for_update(read=True, skip_locked=True)
        .lateral("webhook")
    )
    due = _due_of(webhook.c.id, *_NEEDED).correlate(webhook)
    top = due.with_for_update(skip_locked=True).lateral("top")
    # One look at an index for each, whatever PostgreSQL believes of how many there are: of a table in partitions it
    # knows no statistics of its own, and would read all events to find these few.
    event = select(events.c.payload).where(events.c.id == top.c.event_id).limit(_ONE).lateral("event")
    source = _lanes.source.join(webhook, true()).join(top, true()).join(event, true())
    of_the_webhook = (webhook.c[column.name] for column in _OF_THE_WEBHOOK)
    return in_one_value(select(*top.c, *event.c, *of_the_webhook).select_from(source))


_DUE, _DUE_SHARED = _due(), _due_shared()

_lost = (
    select(
        deliveries.c.id,
        deliveries.c.partner_id,
        deliveries.c.event_id,
        deliveries.c.event_type,
        deliveries.c.webhook_id,
        deliveries.c.lease_token,
        deliveries.c.attempts,
        deliveries.c.leases_lost,
        deliveries.c.first_attempt_at,
        deliveries.c.due_at,
    )
    .where(deliveries.c.state == in_words(State.IN_FLIGHT), deliveries.c.lease_until < _now)
    .order_by(deliveries.c.lease_until)
    .limit(bindparam("most"))
)
_LOST = in_one_value(_lost)
# Where others rescue too, each lost lease is one process's: whoever ends it tells of it.
_LOST_SHARED = in_one_value(_lost.with_for_update(skip_locked=True))

_PAUSED = in_one_value(
    select(webhooks.c.id)
    .join(partners, partners.c.id == webhooks.c.partner_id)
    .where(
        webhooks.c.id.in_(select(_named["webhook_id"]).select_from(_named.source)),
        or_(~webhooks.c.enabled, webhooks.c.deleted_at.is_not(None), partners.c.disabled_at.is_not(None)),
    )
)


def _pending_after(lane: ColumnElement[str]) -> Select[str]:
    # Not min(): where PostgreSQL believes that next to nothing waits, it reads all that waits to find the least.
    return (
        select(_waiting.c.webhook_id)
        .where(_waiting.c.state == in_words(State.PENDING), _waiting.c.webhook_id > lane)
        .order_by(_waiting.c.webhook_id)
        .limit(_ONE)
    )


def _every_lane() -> FromClause:
    # A skip scan: one look at the index for each lane, however many deliveries wait in it.
    lane = select(_pending_after(_BEFORE_ALL).scalar_subquery().label("webhook_id")).cte("lane", recursive=True)
    following = _pending_after(lane.c.webhook_id).correlate(lane).scalar_subquery()
    return lane.union_all(select(following).where(lane.c.webhook_id.is_not(None)))


def _first_due(lane: ColumnElement[str], *also: ColumnElement[bool]) -> ScalarSelect[int]:
    return (
        select(_waiting.c.due_at)
        .where(_waiting.c.webhook_id == lane, _waiting.c.state == in_words(State.PENDING), *also)
        .order_by(_waiting.c.due_at)
        .limit(_ONE)
        .scalar_subquery()
    )


def every_lane() -> Select[Any]:
    """Return the question for every lane with something pending, and when the first of it is due."""
    lane = _every_lane()
    return select(lane.c.webhook_id, _first_due(lane.c.webhook_id).label("due_at")).where(
        lane.c.webhook_id.is_not(None)
    )


_ALL_LANES = in_one_value(every_lane())
_first_to_claim = _first_due(_named["webhook_id"], _window_open)
_SOME_LANES = in_one_value(
    select(_named["webhook_id"].label("webhook_id"), _first_to_claim.label("due_at"))
    .select_from(_named.source)
    # What no claim offers would be asked for again at once.
    .where(~exists().where(webhooks.c.id == _named["webhook_id"], webhooks.c.withdrawing))
)


class _MaybeDue(Struct, frozen=True, array_like=True):
    webhook_id: str
    due_at: Instant | None


def due_deliveries(connection: Connection, lanes: Sequence[str], *, most: int, now: Instant) -> list[DueDelivery]:
    """Return at most ``most`` due deliveries of each of ``lanes``, the longest due first."""
    given = _lanes.bind([(lane,) for lane in lanes])
    statement = _DUE_SHARED if is_shared(connection) else _DUE
    return fetch_all(connection, statement, DueDelivery, now=now, most=most, **given)


def lost_leases(connection: Connection, *, now: Instant, most: int) -> list[LostLease]:
    statement = _LOST_SHARED if is_shared(connection) else _LOST
    return fetch_all(connection, statement, LostLease, now=now, most=most)


def paused_webhooks(connection: Connection, names: Sequence[str]) -> set[str]:
    """Return those of ``names`` that want no deliveries now: disabled, deleted, or of a disabled partner.

    Where others write too, their partners are held until the transaction ends: nobody disables them meanwhile.
    """
    if is_shared(connection):
        hold_for_webhooks(connection, names)
    given = _named.bind([(name,) for name in names])
    return {row.id for row in fetch_all(connection, _PAUSED, _Name, **given)}


def all_lanes(connection: Connection) -> list[DueLane]:
    """Return every lane with something pending."""
    return fetch_all(connection, _ALL_LANES, DueLane)


def next_due(connection: Connection, lanes: Sequence[str], *, now: Instant) -> dict[str, Instant]:
    """Return when the first delivery of each of ``lanes`` that may still be claimed is due; none: left out."""
    rows = fetch_all(connection, _SOME_LANES, _MaybeDue, now=now, **_named.bind([(lane,) for lane in lanes]))
    return {row.webhook_id: row.due_at for row in rows if row.due_at is not None}
