"""API keys of partners: made, listed, revoked."""

import base64
from collections.abc import Iterable
from functools import partial

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.auditing import note
from tidings.actions.context import Context
from tidings.core.audit import AuditAction
from tidings.core.model import ApiKey
from tidings.core.nonce import HIGHEST
from tidings.core.roles import ALL_PERMISSIONS, KeyPermission, permissions_of
from tidings.core.secret import Secret
from tidings.errors import InvalidArgument, NotFound
from tidings.store import keys, partners
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction
from tidings.store.vault import Purpose

_KEY_BYTES = 42
_SECRET_BYTES = 64
# Windows are kept as signed 64-bit integers, and one that large forgets nothing anyway.
_WIDEST_WINDOW = HIGHEST // 4


class NewKey(Struct, frozen=True):
    """A new key; ``secret`` is base64 text, shown this once."""

    key: ApiKey
    secret: Secret


async def create(
    ctx: Context, partner: str, *, nonce_window: int, permissions: Iterable[str] = ALL_PERMISSIONS
) -> NewKey:
    """Make another key for a partner. Raises InvalidArgument or NotFound."""
    if not 0 <= nonce_window <= _WIDEST_WINDOW:
        raise InvalidArgument("nonce_window", f"must be 0 to {_WIDEST_WINDOW}")
    key = new_key(ctx, partner, nonce_window=nonce_window, permissions=permissions_of(permissions))
    await ctx.store.write(_create, _Creating(ctx, key))
    return key


async def list_keys(ctx: Context, partner: str | None) -> list[ApiKey]:
    """Return the keys of a partner, or of all. Raises NotFound for a partner that is not there."""
    return await ctx.store.read(partial(_of, partner=partner))


async def revoke(ctx: Context, key: str) -> ApiKey:
    """Turn a key away from now on; twice is once. Raises NotFound."""
    return await ctx.store.write(_revoke, _Revoking(ctx, key))


def new_key(
    ctx: Context,
    partner: str,
    *,
    nonce_window: int = 0,
    permissions: tuple[KeyPermission, ...] = ALL_PERMISSIONS,
) -> NewKey:
    public = base64.b64encode(ctx.entropy(_KEY_BYTES)).decode()
    secret = base64.b64encode(ctx.entropy(_SECRET_BYTES))
    key = ApiKey(
        key=public,
        partner=partner,
        nonce_window=nonce_window,
        permissions=permissions,
        created_at=ctx.clock.now(),
        revoked_at=None,
    )
    return NewKey(key, Secret(secret))


def insert_key(ctx: Context, transaction: Transaction, new: NewKey) -> None:
    raw = Secret(base64.b64decode(new.secret.reveal()))
    sealed = ctx.store.vault.seal(raw, table="api_keys", row=new.key.key, purpose=Purpose.API)
    keys.insert_one(transaction.connection, new.key, sealed_secret=sealed)
    note(
        ctx,
        transaction,
        AuditAction.KEY_CREATE,
        partner=new.key.partner,
        subject=new.key.key,
        nonce_window=new.key.nonce_window,
        permissions=new.key.permissions,
    )


class _Creating(Struct, frozen=True):
    ctx: Context
    new: NewKey


class _Revoking(Struct, frozen=True):
    ctx: Context
    key: str


def _create_one(transaction: Transaction, wanted: _Creating) -> None:
    if partners.get(transaction.connection, wanted.new.key.partner) is None:
        raise NotFound("partner", wanted.new.key.partner)
    insert_key(wanted.ctx, transaction, wanted.new)


def _revoke_one(transaction: Transaction, wanted: _Revoking) -> ApiKey:
    key = keys.get(transaction.connection, wanted.key)
    if key is None:
        raise NotFound("key", wanted.key)
    if key.revoked_at is not None:
        return key
    now = wanted.ctx.clock.now()
    keys.revoke(transaction.connection, wanted.key, now=now)
    note(wanted.ctx, transaction, AuditAction.KEY_REVOKE, partner=key.partner, subject=key.key)
    return msgspec.structs.replace(key, revoked_at=now)


def _of(connection: Connection, partner: str | None) -> list[ApiKey]:
    if partner is not None and partners.get(connection, partner) is None:
        raise NotFound("partner", partner)
    return keys.of_partner(connection, partner)


_create = each(_create_one)
_revoke = each(_revoke_one)
