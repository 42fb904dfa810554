"""What is to be told to whoever runs the platform, and what was told already.

Owns failed deliveries that are not told yet, webhooks that keep failing, and conditions of the installation. The rows
are few: of what is well there is none. Refuses to decide what is told: that is ``engine.watching``.
"""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import (
    Connection,
    Text,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from tidings.core.instants import Instant
from tidings.core.model import State
from tidings.store.bookkeeping import conditions, failing_webhooks, tallies, untold_failures
from tidings.store.dialects import is_shared
from tidings.store.rows import Given, fetch_all, given_for, in_one_value, insert_given
from tidings.store.tables import deliveries, webhooks

WATCH_LOCK = 0x7469_6477_6174
"""The advisory lock of whoever looks after conditions: where several processes work, one at a time."""
_BACKLOG = "backlog"


class Untold(Struct, frozen=True, array_like=True):
    """A failed delivery that nobody was told of. Without a ``state`` it is gone, or has not failed after all."""

    id: str
    state: str | None
    partner_id: str | None
    webhook_id: str | None
    event_id: str | None
    event_type: str | None
    attempts: int | None
    last_outcome: str | None
    last_status: int | None
    created_at: Instant | None
    finished_at: Instant | None


class Failure(Struct, frozen=True, array_like=True, kw_only=True):
    """A webhook that failed, and did not succeed after ``failing_since``."""

    webhook_id: str
    partner_id: str
    failing_since: Instant
    last_failed_at: Instant
    last_outcome: str


class Failing(Struct, frozen=True, array_like=True):
    """A webhook that keeps failing; ``told_at`` is None as long as nobody was told."""

    webhook_id: str
    partner_id: str
    failing_since: Instant
    last_failed_at: Instant
    last_outcome: str
    told_at: Instant | None


class FailingWebhook(Struct, frozen=True, array_like=True):
    """A webhook that keeps failing, as people look at it."""

    webhook: str
    partner: str
    url: str
    failing_since: Instant
    last_failed_at: Instant
    last_outcome: str


_noted = given_for(untold_failures, ("delivery_id",))
_NOTE = insert_given(untold_failures, _noted, ("delivery_id",))
_some = (
    select(untold_failures.c.delivery_id).order_by(untold_failures.c.delivery_id).limit(bindparam("most")).subquery()
)
_UNTOLD = in_one_value(
    select(
        _some.c.delivery_id,
        deliveries.c.state,
        deliveries.c.partner_id,
        deliveries.c.webhook_id,
        deliveries.c.event_id,
        deliveries.c.event_type,
        deliveries.c.attempts,
        deliveries.c.last_outcome,
        deliveries.c.last_status,
        deliveries.c.created_at,
        deliveries.c.finished_at,
    ).select_from(_some.outerjoin(deliveries, deliveries.c.id == _some.c.delivery_id))
)
_named = Given("named", [("id", Text)])
_names = select(_named["id"]).select_from(_named.source)
_FAILING = in_one_value(select(failing_webhooks))
_FAILING_LONGEST = (
    select(
        failing_webhooks.c.webhook_id,
        failing_webhooks.c.partner_id,
        webhooks.c.url,
        failing_webhooks.c.failing_since,
        failing_webhooks.c.last_failed_at,
        failing_webhooks.c.last_outcome,
    )
    .join(webhooks, webhooks.c.id == failing_webhooks.c.webhook_id)
    .order_by(failing_webhooks.c.failing_since)
)
_failed = given_for(failing_webhooks, Failure.__struct_fields__)
_BEGIN = insert_given(failing_webhooks, _failed, Failure.__struct_fields__)
_GO_ON = (
    update(failing_webhooks)
    .where(failing_webhooks.c.webhook_id == _failed["webhook_id"])
    .values(last_failed_at=_failed["last_failed_at"], last_outcome=_failed["last_outcome"])
)
_is_deleted = (
    select(webhooks.c.id)
    .where(webhooks.c.id == failing_webhooks.c.webhook_id, webhooks.c.deleted_at.is_not(None))
    .exists()
)


def hold(connection: Connection) -> bool:
    """Be the one who looks after conditions until the transaction ends; False when another process is."""
    if not is_shared(connection):
        return True
    return bool(connection.execute(text(f"SELECT pg_try_advisory_xact_lock({WATCH_LOCK})")).scalar_one())


def note_failures(connection: Connection, names: Sequence[str]) -> None:
    """Remember that these deliveries have failed, in the transaction in which they do."""
    connection.execute(_NOTE, _noted.bind([(name,) for name in names]))


def untold(connection: Connection, *, most: int) -> list[Untold]:
    return fetch_all(connection, _UNTOLD, Untold, most=most)


def forget_failures(connection: Connection, names: Sequence[str]) -> None:
    """Drop notes that were told, or that came to nothing."""
    statement = delete(untold_failures).where(untold_failures.c.delivery_id.in_(_names))
    connection.execute(statement, _named.bind([(name,) for name in names]))


def failing(connection: Connection) -> list[Failing]:
    return fetch_all(connection, _FAILING, Failing)


def failing_longest(connection: Connection, *, limit: int) -> list[FailingWebhook]:
    """Return at most ``limit`` webhooks that keep failing, those first that have been for longest."""
    return [FailingWebhook(*row) for row in connection.execute(_FAILING_LONGEST.limit(limit))]


def failing_among(connection: Connection, names: Sequence[str]) -> list[FailingWebhook]:
    """Return those of ``names`` that keep failing, in the same order."""
    statement = _FAILING_LONGEST.where(failing_webhooks.c.webhook_id.in_(_names))
    return [FailingWebhook(*row) for row in connection.execute(statement, _named.bind([(name,) for name in names]))]


def begin_failing(connection: Connection, rows: Sequence[Failure]) -> None:
    connection.execute(_BEGIN, _failed.bind(rows))


def go_on_failing(connection: Connection, rows: Sequence[Failure]) -> None:
    """Note newer failures of webhooks that are failing already."""
    connection.execute(_GO_ON, _failed.bind(rows))


def mark_told(connection: Connection, names: Sequence[str], *, now: Instant) -> None:
    statement = update(failing_webhooks).where(failing_webhooks.c.webhook_id.in_(_names)).values(told_at=now)
    connection.execute(statement, _named.bind([(name,) for name in names]))


def end_failing(connection: Connection, names: Sequence[str]) -> None:
    """Drop webhooks that are well again, and those that are no more."""
    well = failing_webhooks.c.webhook_id.in_(_names)
    statement = delete(failing_webhooks).where(or_(well, _is_deleted))
    connection.execute(statement, _named.bind([(name,) for name in names]))


def pending(connection: Connection) -> int:
    """Return how many deliveries wait, of all processes together."""
    return int(connection.execute(select(func.sum(tallies.c[State.PENDING.value]))).scalar_one())


def backlog_told_at(connection: Connection) -> Instant | None:
    """Return since when the backlog is told to be over its limit, or None."""
    statement = select(conditions.c.since).where(conditions.c.name == _BACKLOG)
    found: Instant | None = connection.execute(statement).scalar_one_or_none()
    return found


def set_backlog_told(connection: Connection, since: Instant | None) -> None:
    if since is None:
        connection.execute(delete(conditions).where(conditions.c.name == _BACKLOG))
    else:
        connection.execute(insert(conditions).values(name=_BACKLOG, since=since))
