"""Statements on attempts: begun, ended, taken back, read."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Connection, delete, select, tuple_, update

from tidings.core.instants import Instant
from tidings.core.model import Attempt
from tidings.store.rows import given_for, insert_given
from tidings.store.tables import attempts


class BegunAttempt(Struct, frozen=True, array_like=True, kw_only=True):
    """A row to be made before the first byte goes out."""

    delivery_id: str
    number: int
    started_at: Instant


class AttemptResult(Struct, frozen=True, array_like=True, kw_only=True):
    """What is written down when an attempt ended."""

    delivery_id: str
    number: int
    duration_ms: int | None
    outcome: str
    http_status: int | None
    signature: str | None
    response_excerpt: str | None


_begun = given_for(attempts, BegunAttempt.__struct_fields__)
_BEGIN = insert_given(attempts, _begun, BegunAttempt.__struct_fields__)
_result = given_for(attempts, AttemptResult.__struct_fields__)
# The first result stays: what the rescuer wrote of a lost lease is not changed by a late worker.
_END = (
    update(attempts)
    .where(
        attempts.c.delivery_id == _result["delivery_id"],
        attempts.c.number == _result["number"],
        attempts.c.outcome.is_(None),
    )
    .values({name: _result[name] for name in AttemptResult.__struct_fields__[2:]})
)
_key = given_for(attempts, ("delivery_id", "number"))
_TAKE_BACK = delete(attempts).where(
    # By number too: a later attempt of the same delivery may be another process's.
    tuple_(attempts.c.delivery_id, attempts.c.number).in_(select(*_key.columns()).select_from(_key.source)),
    attempts.c.outcome.is_(None),
)


def begin(connection: Connection, rows: Sequence[BegunAttempt]) -> None:
    connection.execute(_BEGIN, _begun.bind(rows))


def end(connection: Connection, rows: Sequence[AttemptResult]) -> None:
    connection.execute(_END, _result.bind(rows))


def take_back(connection: Connection, rows: Sequence[tuple[str, int]]) -> None:
    """Forget attempts, given as (delivery, number), that were leased but never made."""
    connection.execute(_TAKE_BACK, _key.bind(rows))


def of_delivery(connection: Connection, delivery: str) -> list[Attempt]:
    """Return the attempts of a delivery, first one first."""
    statement = select(attempts).where(attempts.c.delivery_id == delivery).order_by(attempts.c.number)
    return [
        Attempt(**{name: getattr(row, name) for name in Attempt.__struct_fields__})
        for row in connection.execute(statement)
    ]
