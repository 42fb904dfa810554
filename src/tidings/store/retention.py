"""Statements that remove what is older than is kept, a few rows at a time.

Owns which rows may go: nothing that is alive, and nothing that a row which stays refers to. Each sweep goes through its
table once, oldest row first, in steps of a bounded number of rows. What PostgreSQL drops as whole partitions
(``store.partitions``) it does not sweep.
"""

from collections.abc import Callable, Sequence

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Delete,
    Table,
    Text,
    bindparam,
    delete,
    exists,
    or_,
    select,
    tuple_,
)

from tidings.core.ids import id_floor
from tidings.core.instants import Instant
from tidings.core.model import State
from tidings.core.retention import Retention
from tidings.store.bookkeeping import redeliveries
from tidings.store.rows import Given
from tidings.store.spelling import in_words
from tidings.store.tables import attempts, audit_entries, deliveries, events, idempotency_keys, webhook_tests


class Swept(Struct, frozen=True):
    """How many rows a step removed, and behind which name the next step goes on; None when nothing old is left."""

    count: int
    after: str | None


class Sweep(Struct, frozen=True, kw_only=True):
    """One table's sweep: ``step(connection, cutoff, after, most)``."""

    table: str
    kept: Callable[[Retention], int]
    partitioned: bool
    step: Callable[[Connection, Instant, str, int], Swept]


_before = bindparam("before", type_=BigInteger())
_most = bindparam("most", type_=BigInteger())
_names = Given("names", [("id", Text)])
_named = select(_names["id"]).select_from(_names.source)
_ALIVE = or_(*(deliveries.c.state == in_words(state) for state in (State.PENDING, State.IN_FLIGHT)))

_DELIVERIES = delete(deliveries).where(deliveries.c.id.in_(_named), ~_ALIVE)
_EVENTS = delete(events).where(
    # By name, so that the index is asked once for each: an event that was delivered again goes with its last delivery.
    events.c.id.in_(_named),
    ~exists(select(deliveries.c.id).where(deliveries.c.event_id == events.c.id)),
)
_REDELIVERIES = delete(redeliveries).where(redeliveries.c.id.in_(_named), redeliveries.c.finished_at.is_not(None))
_AUDIT = delete(audit_entries).where(audit_entries.c.id.in_(_named))
_ATTEMPTS = delete(attempts).where(
    attempts.c.delivery_id.in_(_named),
    ~exists(select(deliveries.c.id).where(deliveries.c.id == attempts.c.delivery_id, _ALIVE)),
)


def _by_id(column: ColumnElement[str], prefix: str, statement: Delete) -> Callable[..., Swept]:
    def step(connection: Connection, cutoff: Instant, after: str, most: int) -> Swept:
        window = (
            select(column)
            .distinct()
            .where(column > after, column < id_floor(prefix, cutoff))
            .order_by(column)
            .limit(most)
        )
        names: Sequence[str] = connection.execute(window).scalars().all()
        if not names:
            return Swept(0, None)
        gone = connection.execute(statement, _names.bind([(name,) for name in names])).rowcount
        return Swept(gone, names[-1] if len(names) == most else None)

    return step


def _by_moment(table: Table, moment: ColumnElement[int]) -> Callable[..., Swept]:
    key = tuple_(*table.primary_key)
    oldest = select(*table.primary_key).where(moment < _before).order_by(moment).limit(_most)
    statement = delete(table).where(key.in_(oldest))

    def step(connection: Connection, cutoff: Instant, after: str, most: int) -> Swept:
        gone = connection.execute(statement, {"before": cutoff, "most": most}).rowcount
        return Swept(gone, after if gone == most else None)

    return step


SWEEPS = (
    Sweep(
        table="attempts",
        kept=lambda retention: retention.attempts,
        partitioned=True,
        step=_by_id(attempts.c.delivery_id, "dlv_", _ATTEMPTS),
    ),
    Sweep(
        table="deliveries",
        kept=lambda retention: retention.deliveries,
        partitioned=True,
        step=_by_id(deliveries.c.id, "dlv_", _DELIVERIES),
    ),
    Sweep(
        table="idempotency_keys",
        kept=lambda retention: retention.events,
        partitioned=False,
        step=_by_moment(idempotency_keys, idempotency_keys.c.created_at),
    ),
    Sweep(
        table="events",
        kept=lambda retention: retention.events,
        partitioned=True,
        step=_by_id(events.c.id, "evt_", _EVENTS),
    ),
    Sweep(
        table="webhook_tests",
        kept=lambda retention: retention.attempts,
        partitioned=False,
        step=_by_moment(webhook_tests, webhook_tests.c.started_at),
    ),
    Sweep(
        table="audit_entries",
        kept=lambda retention: retention.audit,
        partitioned=False,
        step=_by_id(audit_entries.c.id, "aud_", _AUDIT),
    ),
    Sweep(
        table="redeliveries",
        kept=lambda retention: retention.deliveries,
        partitioned=False,
        step=_by_id(redeliveries.c.id, "rdl_", _REDELIVERIES),
    ),
)
"""In this order: who refers to another goes first, and an idempotency key before its event."""
