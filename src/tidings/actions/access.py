"""Who is asking? Partners sign each request, platform services carry a token.

Owns the order of the checks and the moment a nonce is spent: after the signature verified, in a commit of its own,
whatever the action then answers (contract.md section 4).
"""

import hashlib
from collections.abc import Sequence
from functools import partial

from msgspec import Struct

from tidings.actions.context import Context
from tidings.core import nonce as nonces
from tidings.core import signing
from tidings.core.instants import Instant
from tidings.core.model import Token
from tidings.core.rate import Rate, take
from tidings.core.roles import KeyPermission, TokenScope, admits, permits
from tidings.core.secret import Secret
from tidings.errors import (
    Denied,
    InvalidKey,
    InvalidNonce,
    InvalidSignature,
    RateLimited,
    TidingsError,
    Unauthenticated,
)
from tidings.store import keys, tokens
from tidings.store.keys import Credential
from tidings.store.transaction import Transaction
from tidings.store.vault import Purpose

_NOBODY = Secret(bytes(64))


class SignedRequest(Struct, frozen=True, kw_only=True):
    """A partner's request as received: raw target and raw body; a header that is missing or doubled is None."""

    key: str | None
    nonce: bytes | None
    sign: bytes | None
    target: bytes
    body: bytes


class Caller(Struct, frozen=True):
    """A partner that proved to be itself, and the key it used."""

    partner: str
    key: str


class _Spending(Struct, frozen=True, kw_only=True):
    key: str
    nonce: int
    now: Instant
    rate: Rate


async def authenticate_partner(ctx: Context, request: SignedRequest, *, needed: KeyPermission) -> Caller:
    """Check key, signature and nonce, in this order, spend the nonce and charge the key's rate, then judge the right.

    Raises InvalidKey, InvalidSignature, InvalidNonce, RateLimited or Denied.
    """
    credential = await _credential(ctx, request)
    if request.sign is None:
        raise InvalidSignature("the header API-Sign must be given once")
    if request.nonce is None:
        # There is no signature without a nonce: say what is missing, not that the rest does not fit.
        raise InvalidNonce("the header API-Nonce must be given once")
    secret = ctx.store.vault.open(credential.sealed_secret, table="api_keys", row=credential.key, purpose=Purpose.API)
    if not _is_signed(request, secret):
        raise InvalidSignature("the signature does not match this key, target, nonce and body")
    nonce = nonces.parse(request.nonce)
    spending = _Spending(key=credential.key, nonce=nonce, now=ctx.clock.now(), rate=ctx.limits.rate_limit)
    await ctx.store.write(_spend_all, spending)
    if not credential.partner_enabled:
        raise Denied("this partner is disabled")
    if not permits(credential.permissions, needed):
        raise Denied(f"this key lacks the permission {needed}")
    return Caller(credential.partner, credential.key)


async def authenticate_token(ctx: Context, token: str, *, needed: TokenScope) -> Token:
    """Return the record of a platform token that may do what needs ``needed``. Raises Unauthenticated or Denied."""
    found = await ctx.store.read(partial(tokens.living, digest=digest_of(token)))
    if found is None:
        raise Unauthenticated("the bearer token is missing, unknown or revoked")
    if not admits(found.scopes, needed):
        raise Denied(f"this token lacks the scope {needed}")
    return found


def digest_of(token: str) -> str:
    """Return the hash under which a token is kept. Tokens are 32 random bytes: a plain hash cannot be turned round."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


async def _credential(ctx: Context, request: SignedRequest) -> Credential:
    if request.key is None:
        raise InvalidKey("the header API-Key must be given once")
    found = await ctx.store.read(partial(keys.credential, key=request.key))
    if found is None:
        # The same work as for a known key, so that the time taken does not tell which keys exist.
        _is_signed(request, _NOBODY)
        raise InvalidKey("the API key is unknown or revoked")
    return found


def _is_signed(request: SignedRequest, secret: Secret) -> bool:
    return signing.is_signed(
        secret.reveal(),
        target=request.target,
        nonce=request.nonce or b"",
        body=request.body,
        given=request.sign or b"",
    )


def _spend_all(transaction: Transaction, items: Sequence[_Spending]) -> list[TidingsError | None]:
    answers: list[TidingsError | None] = [None] * len(items)
    # Each key's row is locked until the end: two processes that lock in different orders would wait for each other.
    for position in sorted(range(len(items)), key=lambda position: items[position].key):
        answers[position] = _spend(transaction, items[position])
    return answers


def _spend(transaction: Transaction, item: _Spending) -> TidingsError | None:
    # The error is returned, not raised: an exhausted rate leaves the nonce spent all the same.
    connection = transaction.connection
    state = keys.state_for_update(connection, item.key)
    if state is None:
        return InvalidKey("the API key is unknown or revoked")
    used = keys.UsedNonces(connection, item.key)
    if not nonces.is_fresh(item.nonce, highest=state.highest, window=state.window, used=used):
        return InvalidNonce("the nonce was used before or is too low")
    keys.spend(connection, item.key, nonce=item.nonce, state=state)
    draw = take(state.bucket, item.now, item.rate)
    keys.set_bucket(connection, item.key, draw.bucket)
    return None if draw.retry_after is None else RateLimited(draw.retry_after)
