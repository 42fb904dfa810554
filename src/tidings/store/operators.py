"""Statements on operators and their sessions. Of passwords and sessions only hashes are kept."""

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from tidings.core.instants import Instant
from tidings.core.model import Operator, OperatorRole
from tidings.store.tables import operator_sessions, operators


def insert_one(connection: Connection, operator: Operator, *, password_hash: str) -> None:
    connection.execute(
        insert(operators).values(
            name=operator.name,
            role=operator.role.value,
            password_hash=password_hash,
            created_at=operator.created_at,
        )
    )


def get(connection: Connection, name: str) -> Operator | None:
    row = connection.execute(select(operators).where(operators.c.name == name)).one_or_none()
    return None if row is None else _operator(row)


def every(connection: Connection) -> list[Operator]:
    return [_operator(row) for row in connection.execute(select(operators).order_by(operators.c.name))]


def password_hash(connection: Connection, name: str) -> str | None:
    """Return what the password of an operator who is not disabled is checked against."""
    found: str | None = connection.execute(_password_hash_of(name)).scalar()
    return found


def hold_password_hash(connection: Connection, name: str) -> str | None:
    """Do as ``password_hash`` does, and let nobody change the operator until the transaction ends."""
    found: str | None = connection.execute(_password_hash_of(name).with_for_update(read=True)).scalar()
    return found


def set_password_hash(connection: Connection, name: str, *, password_hash: str) -> None:
    connection.execute(update(operators).where(operators.c.name == name).values(password_hash=password_hash))


def set_disabled_at(connection: Connection, name: str, moment: Instant | None) -> None:
    connection.execute(update(operators).where(operators.c.name == name).values(disabled_at=moment))


def begin_session(connection: Connection, digest: str, *, operator: str, now: Instant, ends_at: Instant) -> None:
    connection.execute(
        insert(operator_sessions).values(digest=digest, operator=operator, created_at=now, seen_at=now, ends_at=ends_at)
    )


def session(connection: Connection, digest: str) -> tuple[Operator, Instant, Instant] | None:
    """Return whose session that is, when it was last used, and when it ends; None for a disabled operator's."""
    row = connection.execute(
        select(operators, operator_sessions.c.seen_at, operator_sessions.c.ends_at)
        .join(operators, operators.c.name == operator_sessions.c.operator)
        .where(operator_sessions.c.digest == digest, operators.c.disabled_at.is_(None))
    ).one_or_none()
    return None if row is None else (_operator(row), row.seen_at, row.ends_at)


def touch_session(connection: Connection, digest: str, *, now: Instant) -> None:
    connection.execute(update(operator_sessions).where(operator_sessions.c.digest == digest).values(seen_at=now))


def end_session(connection: Connection, digest: str) -> None:
    connection.execute(delete(operator_sessions).where(operator_sessions.c.digest == digest))


def end_sessions_of(connection: Connection, operator: str) -> None:
    connection.execute(delete(operator_sessions).where(operator_sessions.c.operator == operator))


def forget_ended_sessions(connection: Connection, now: Instant) -> None:
    connection.execute(delete(operator_sessions).where(operator_sessions.c.ends_at <= now))


def _password_hash_of(name: str) -> Select[str]:
    return select(operators.c.password_hash).where(operators.c.name == name, operators.c.disabled_at.is_(None))


def _operator(row: Row[*tuple[object, ...]]) -> Operator:
    return Operator(name=row.name, role=OperatorRole(row.role), created_at=row.created_at, disabled_at=row.disabled_at)
