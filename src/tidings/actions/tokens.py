"""Platform tokens: made, listed, revoked. Only their hashes are kept."""

import base64
import re
from collections.abc import Iterable
from functools import partial

import msgspec
from msgspec import Struct

from tidings.actions.access import digest_of
from tidings.actions.auditing import note
from tidings.actions.context import Context
from tidings.core.audit import AuditAction
from tidings.core.model import Token
from tidings.core.roles import ALL_SCOPES, TokenScope, scopes_of
from tidings.errors import AlreadyExists, InvalidArgument, NotFound
from tidings.store import tokens
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction

_TOKEN_BYTES = 32
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class NewToken(Struct, frozen=True):
    """A new token, shown this once."""

    name: str
    scopes: tuple[TokenScope, ...]
    token: str

    def __repr__(self) -> str:
        return f"NewToken(name={self.name!r}, scopes={self.scopes!r}, token=***)"


async def create(ctx: Context, name: str, *, scopes: Iterable[str] = ALL_SCOPES) -> NewToken:
    """Make a platform token. Raises InvalidArgument or AlreadyExists."""
    if not _NAME.fullmatch(name):
        raise InvalidArgument(
            "name", "must be 1 to 100 letters, digits, dots, hyphens or underscores, and begin with a letter or digit"
        )
    token = "tdt_" + base64.urlsafe_b64encode(ctx.entropy(_TOKEN_BYTES)).decode().rstrip("=")
    record = Token(name=name, scopes=scopes_of(scopes), created_at=ctx.clock.now(), revoked_at=None)
    await ctx.store.write(_create, _Creating(ctx, record, digest_of(token)))
    return NewToken(name, record.scopes, token)


async def list_tokens(ctx: Context) -> list[Token]:
    return await ctx.store.read(tokens.every)


async def is_living(ctx: Context, name: str) -> bool:
    """Tell whether the token of that name is not revoked."""
    found = await ctx.store.read(partial(tokens.get, name=name))
    return found is not None and found.revoked_at is None


async def revoke(ctx: Context, name: str) -> Token:
    """Turn a token away from now on; twice is once. Raises NotFound."""
    return await ctx.store.write(_revoke, _Revoking(ctx, name))


class _Creating(Struct, frozen=True):
    ctx: Context
    token: Token
    digest: str


class _Revoking(Struct, frozen=True):
    ctx: Context
    name: str


def _create_one(transaction: Transaction, wanted: _Creating) -> None:
    if tokens.get(transaction.connection, wanted.token.name) is not None:
        raise AlreadyExists("token", wanted.token.name)
    tokens.insert_one(transaction.connection, wanted.token, digest=wanted.digest)
    token = wanted.token
    note(wanted.ctx, transaction, AuditAction.TOKEN_CREATE, partner=None, subject=token.name, scopes=token.scopes)


def _revoke_one(transaction: Transaction, wanted: _Revoking) -> Token:
    token = tokens.get(transaction.connection, wanted.name)
    if token is None:
        raise NotFound("token", wanted.name)
    if token.revoked_at is not None:
        return token
    now = wanted.ctx.clock.now()
    tokens.revoke(transaction.connection, wanted.name, now=now)
    note(wanted.ctx, transaction, AuditAction.TOKEN_REVOKE, partner=None, subject=token.name)
    return msgspec.structs.replace(token, revoked_at=now)


_create = each(_create_one)
_revoke = each(_revoke_one)
