"""Statements on platform tokens, of which only hashes are kept."""

from sqlalchemy import Connection, Row, insert, select, update

from tidings.core.instants import Instant
from tidings.core.model import Token
from tidings.core.roles import stored, stored_scopes
from tidings.store.tables import platform_tokens


def insert_one(connection: Connection, token: Token, *, digest: str) -> None:
    connection.execute(
        insert(platform_tokens).values(
            name=token.name, digest=digest, scopes=stored(token.scopes), created_at=token.created_at
        )
    )


def living(connection: Connection, digest: str) -> Token | None:
    """Return the token with that hash unless it is revoked."""
    row = connection.execute(
        select(platform_tokens).where(platform_tokens.c.digest == digest, platform_tokens.c.revoked_at.is_(None))
    ).one_or_none()
    return None if row is None else _token(row)


def get(connection: Connection, name: str) -> Token | None:
    row = connection.execute(select(platform_tokens).where(platform_tokens.c.name == name)).one_or_none()
    return None if row is None else _token(row)


def every(connection: Connection) -> list[Token]:
    return [_token(row) for row in connection.execute(select(platform_tokens).order_by(platform_tokens.c.name))]


def revoke(connection: Connection, name: str, *, now: Instant) -> None:
    connection.execute(
        update(platform_tokens)
        .where(platform_tokens.c.name == name, platform_tokens.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def _token(row: Row[*tuple[object, ...]]) -> Token:
    return Token(
        name=row.name,
        scopes=stored_scopes(row.scopes),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )
