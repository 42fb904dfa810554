"""Statements on API keys: their secrets, nonces and token buckets."""

from collections.abc import Container

from msgspec import Struct
from sqlalchemy import Connection, Row, delete, insert, select, update

from tidings.core import nonce as nonces
from tidings.core.instants import Instant
from tidings.core.model import ApiKey
from tidings.core.rate import Bucket
from tidings.core.roles import KeyPermission, stored, stored_permissions
from tidings.store.tables import api_keys, partners, used_nonces


class KeyState(Struct, frozen=True, kw_only=True):
    """What moves with each request of a key."""

    window: int
    highest: int
    bucket: Bucket | None


def insert_one(connection: Connection, key: ApiKey, *, sealed_secret: str) -> None:
    connection.execute(
        insert(api_keys).values(
            key=key.key,
            partner_id=key.partner,
            sealed_secret=sealed_secret,
            nonce_window=key.nonce_window,
            nonce_highest=nonces.stored(0),
            permissions=stored(key.permissions),
            created_at=key.created_at,
        )
    )


def get(connection: Connection, key: str) -> ApiKey | None:
    row = connection.execute(select(api_keys).where(api_keys.c.key == key)).one_or_none()
    return None if row is None else _key(row)


def of_partner(connection: Connection, partner: str | None) -> list[ApiKey]:
    """Return the keys of a partner, or of all partners."""
    statement = select(api_keys).order_by(api_keys.c.partner_id, api_keys.c.created_at, api_keys.c.key)
    if partner is not None:
        statement = statement.where(api_keys.c.partner_id == partner)
    return [_key(row) for row in connection.execute(statement)]


class Credential(Struct, frozen=True, kw_only=True):
    """What a request of a living key is checked against."""

    key: str
    partner: str
    partner_enabled: bool
    permissions: tuple[KeyPermission, ...]
    sealed_secret: str


def credential(connection: Connection, key: str) -> Credential | None:
    """Return what a living key is checked against."""
    row = connection.execute(
        select(api_keys.c.partner_id, api_keys.c.sealed_secret, api_keys.c.permissions, partners.c.disabled_at)
        .join(partners, partners.c.id == api_keys.c.partner_id)
        .where(api_keys.c.key == key, api_keys.c.revoked_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    return Credential(
        key=key,
        partner=row.partner_id,
        partner_enabled=row.disabled_at is None,
        permissions=stored_permissions(row.permissions),
        sealed_secret=row.sealed_secret,
    )


def state_for_update(connection: Connection, key: str) -> KeyState | None:
    """Return a living key's state, locked until the transaction ends: of two equal nonces one waits here."""
    row = connection.execute(
        select(api_keys).where(api_keys.c.key == key, api_keys.c.revoked_at.is_(None)).with_for_update()
    ).one_or_none()
    if row is None:
        return None
    bucket = None if row.bucket_at is None else Bucket(row.bucket_level, row.bucket_at)
    return KeyState(window=row.nonce_window, highest=int(row.nonce_highest), bucket=bucket)


class UsedNonces(Container[int]):
    """The nonces a key has used inside its window."""

    def __init__(self, connection: Connection, key: str) -> None:
        self._connection = connection
        self._key = key

    def __contains__(self, nonce: object) -> bool:
        if not isinstance(nonce, int):
            return False
        statement = select(used_nonces.c.nonce).where(
            used_nonces.c.key == self._key, used_nonces.c.nonce == nonces.stored(nonce)
        )
        return self._connection.execute(statement).first() is not None


def spend(connection: Connection, key: str, *, nonce: int, state: KeyState) -> None:
    """Write a fresh nonce down, and forget those that fell out of the window."""
    highest = max(nonce, state.highest)
    connection.execute(update(api_keys).where(api_keys.c.key == key).values(nonce_highest=nonces.stored(highest)))
    if state.window:
        connection.execute(insert(used_nonces).values(key=key, nonce=nonces.stored(nonce)))
        floor = nonces.stored(max(0, highest - state.window))
        connection.execute(delete(used_nonces).where(used_nonces.c.key == key, used_nonces.c.nonce <= floor))


def set_bucket(connection: Connection, key: str, bucket: Bucket) -> None:
    connection.execute(
        update(api_keys).where(api_keys.c.key == key).values(bucket_level=bucket.tokens, bucket_at=bucket.at)
    )


def revoke(connection: Connection, key: str, *, now: Instant) -> bool:
    """Wipe a key's secret and nonces, against which nothing is checked any more. Return whether it was living."""
    living = update(api_keys).where(api_keys.c.key == key, api_keys.c.revoked_at.is_(None))
    done = connection.execute(living.values(revoked_at=now, sealed_secret=""))
    connection.execute(delete(used_nonces).where(used_nonces.c.key == key))
    return done.rowcount > 0


def _key(row: Row[*tuple[object, ...]]) -> ApiKey:
    return ApiKey(
        key=row.key,
        partner=row.partner_id,
        nonce_window=row.nonce_window,
        permissions=stored_permissions(row.permissions),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
    )
