"""Questions about who may work on what: due deliveries, suspects, lost leases, paused webhooks.

Owns the shape of a claim: fair by lane, with a bounded number from each (design.md section 3).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
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
from tidings.store.deliveries import were_cut_short
from tidings.store.dialects import is_shared
from tidings.store.due_lanes import NOW, UNSUSPECTED, WAITING, WINDOW_OPEN
from tidings.store.partners import hold_for_webhooks
from tidings.store.rows import Given, fetch_all, in_one_value
from tidings.store.spelling import in_words, suspected, unlike_an_index
from tidings.store.tables import deliveries, events, partners, webhooks


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


class Suspect(Struct, frozen=True, array_like=True):
    """A due delivery that lost its lease again and again."""

    id: str
    webhook_id: str


class _Name(Struct, frozen=True, array_like=True):
    id: str


_lanes = Given("lanes", [("webhook_id", Text)])
_named = Given("named", [("webhook_id", Text)])
_suspects = Given("suspects", [("webhook_id", Text), ("id", Text)])
# Spelled out: of a parameter, a plan that is made once and for all knows nothing.
_ONE: ColumnElement[int] = literal_column("1", BigInteger())


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
        select(*(WAITING.c[title] for title in titles))
        .where(
            WAITING.c.webhook_id == lane,
            WAITING.c.state == in_words(State.PENDING),
            WAITING.c.due_at <= NOW,
            WINDOW_OPEN,
            UNSUSPECTED,
        )
        .order_by(WAITING.c.due_at)
        .limit(bindparam("most"))
    )


def _suspect_of(lane: ColumnElement[str], *titles: str) -> Select[Any]:
    return select(*(WAITING.c[title] for title in titles)).where(
        WAITING.c.id == _suspects["id"],
        WAITING.c.webhook_id == lane,
        unlike_an_index(WAITING.c.state) == in_words(State.PENDING),
        WAITING.c.due_at <= NOW,
        WINDOW_OPEN,
    )


def _offered(lanes: Given, wanted: Callable[..., Select[Any]]) -> Select[str]:
    due = wanted(lanes["webhook_id"], "id").correlate(lanes.source)
    source = (
        lanes.source.join(deliveries, deliveries.c.id.in_(due))
        .join(events, events.c.id == deliveries.c.event_id)
        .join(webhooks, webhooks.c.id == deliveries.c.webhook_id)
    )
    needed = (deliveries.c[title] for title in _NEEDED)
    offered = select(*needed, events.c.payload, *_OF_THE_WEBHOOK).where(~webhooks.c.withdrawing)
    return in_one_value(offered.select_from(source))


def _offered_shared(lanes: Given, wanted: Callable[..., Select[Any]]) -> Select[str]:
    # Where others claim too, each claim takes what no other holds; SQLite knows neither LATERAL nor row locks.
    # Whoever pauses a webhook waits for the claims that hold it, and no claim offers what it has paused.
    webhook = (
        select(webhooks.c.id, *_OF_THE_WEBHOOK)
        .where(webhooks.c.id == lanes["webhook_id"], ~webhooks.c.withdrawing)
        .correlate(lanes.source)
        .with_for_update(read=True, skip_locked=True)
        .lateral("webhook")
    )
    due = wanted(webhook.c.id, *_NEEDED).correlate(lanes.source, webhook)
    top = due.with_for_update(skip_locked=True).lateral("top")
    # One look at an index for each, whatever PostgreSQL believes of how many there are: of a table in partitions it
    # knows no statistics of its own, and would read all events to find these few.
    event = select(events.c.payload).where(events.c.id == top.c.event_id).limit(_ONE).lateral("event")
    source = lanes.source.join(webhook, true()).join(top, true()).join(event, true())
    of_the_webhook = (webhook.c[column.name] for column in _OF_THE_WEBHOOK)
    return in_one_value(select(*top.c, *event.c, *of_the_webhook).select_from(source))


_DUE, _DUE_SHARED = _offered(_lanes, _due_of), _offered_shared(_lanes, _due_of)
_SUSPECT, _SUSPECT_SHARED = _offered(_suspects, _suspect_of), _offered_shared(_suspects, _suspect_of)

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
    .where(deliveries.c.state == in_words(State.IN_FLIGHT), deliveries.c.lease_until < NOW)
    .order_by(deliveries.c.lease_until)
    .limit(bindparam("most"))
)
_LOST = in_one_value(_lost)
# Where others rescue too, each lost lease is one process's: whoever ends it tells of it.
_LOST_SHARED = in_one_value(_lost.with_for_update(skip_locked=True))

# Spelled unlike the index of all that waits: SQLite would read that one to have the lanes in order.
_lane = unlike_an_index(WAITING.c.webhook_id)
_in_its_lane = func.row_number().over(partition_by=_lane, order_by=(WAITING.c.due_at, WAITING.c.id))
_all_suspects = (
    select(WAITING.c.id, WAITING.c.webhook_id, WAITING.c.due_at, _in_its_lane.label("place"))
    .where(
        WAITING.c.state == in_words(State.PENDING),
        suspected(WAITING),
        WAITING.c.due_at <= NOW,
        WINDOW_OPEN,
        # What no claim offers would be looked at again at once.
        ~exists().where(webhooks.c.id == WAITING.c.webhook_id, webhooks.c.withdrawing),
    )
    .subquery("suspects")
)
_FIRST_SUSPECTS = in_one_value(
    select(_all_suspects.c.id, _all_suspects.c.webhook_id)
    .where(_all_suspects.c.place == _ONE)
    .order_by(_all_suspects.c.due_at)
    .limit(bindparam("most"))
)

_PAUSED = in_one_value(
    select(webhooks.c.id)
    .join(partners, partners.c.id == webhooks.c.partner_id)
    .where(
        webhooks.c.id.in_(select(_named["webhook_id"]).select_from(_named.source)),
        or_(~webhooks.c.enabled, webhooks.c.deleted_at.is_not(None), partners.c.disabled_at.is_not(None)),
    )
)


def due_deliveries(connection: Connection, lanes: Sequence[str], *, most: int, now: Instant) -> list[DueDelivery]:
    """Return at most ``most`` due deliveries of each of ``lanes``, the longest due first; no suspects."""
    given = _lanes.bind([(lane,) for lane in lanes])
    statement = _DUE_SHARED if is_shared(connection) else _DUE
    return fetch_all(connection, statement, DueDelivery, now=now, most=most, **given)


def due_suspects(connection: Connection, *, now: Instant, most: int) -> list[Suspect]:
    """Return the longest due of each of ``most`` lanes that lost its lease again and again, the longest due first."""
    return fetch_all(connection, _FIRST_SUSPECTS, Suspect, now=now, most=most)


def due_suspect(connection: Connection, suspect: Suspect, *, now: Instant) -> list[DueDelivery]:
    """Return this one with all that its attempt needs; none when it is no longer due, or held by another."""
    statement = _SUSPECT_SHARED if is_shared(connection) else _SUSPECT
    return fetch_all(connection, statement, DueDelivery, now=now, **_suspects.bind([(suspect.webhook_id, suspect.id)]))


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


def unwanted(connection: Connection, sent: Mapping[str, str]) -> set[str]:
    """Return the deliveries, of those ``sent`` to their webhooks, that no other attempt may follow.

    Their webhook wants none now, or was paused since they were sent; held as ``paused_webhooks`` holds.
    """
    # In this order: nobody pauses a webhook any more once this has asked.
    paused = paused_webhooks(connection, list(set(sent.values())))
    return were_cut_short(connection, list(sent)) | {name for name, webhook in sent.items() if webhook in paused}
