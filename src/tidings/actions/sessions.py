"""Sessions of operators: begun by a login, looked up at every request, ended.

Owns how long one lasts. It is a random token that only its hash is kept of, in the database, so that every process
knows it and a disabled operator is out at once.
"""

import base64
from contextlib import suppress
from functools import partial

from msgspec import Struct

from tidings.actions import passwords
from tidings.actions.access import digest_of
from tidings.actions.auditing import note
from tidings.actions.context import Context
from tidings.core.audit import Actor, ActorKind, AuditAction
from tidings.core.instants import SECOND, Instant
from tidings.core.model import Operator
from tidings.core.secret import Secret
from tidings.errors import Unauthenticated, Unavailable
from tidings.store import operators
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction

_TOKEN_BYTES = 32
_NOTED_EVERY = 60 * SECOND
"""How exactly the last use is known: a commit for each page would be dear."""


class Session(Struct, frozen=True):
    """An operator who is logged in. ``token`` is in their cookie, and nowhere else."""

    operator: Operator
    token: str

    def __repr__(self) -> str:
        return f"Session(operator={self.operator.name!r}, token=***)"


async def log_in(ctx: Context, name: str, password: Secret, *, address: str | None) -> Session:
    """Begin a session, asked for from ``address``.

    Raises Unauthenticated, in the same words and time for a wrong name and a wrong password.
    """
    kept = await ctx.store.read(partial(operators.password_hash, name=name))
    if not await passwords.is_right(kept, password):
        raise Unauthenticated("the name or the password is not right")
    token = base64.urlsafe_b64encode(ctx.entropy(_TOKEN_BYTES)).decode().rstrip("=")
    beginning = _Beginning(by_operator(ctx, name, address), name, kept, digest_of(token))
    return Session(await ctx.store.write(_begin, beginning), token)


async def resume(ctx: Context, token: str, *, is_used: bool) -> Session:
    """Return the session with that token. Raises Unauthenticated when it has ended or never was.

    ``is_used`` is False for what a page does by itself: that keeps nobody logged in.
    """
    found = await ctx.store.read(partial(operators.session, digest=digest_of(token)))
    now = ctx.clock.now()
    if found is None or now >= min(found[1] + ctx.limits.sessions.idle, found[2]):
        raise Unauthenticated("you are not logged in, or were for too long")
    operator, seen_at, _ = found
    if is_used and now - seen_at >= min(_NOTED_EVERY, ctx.limits.sessions.idle // 4):
        # A database that takes no writes just now is what an operator wants to look into.
        with suppress(Unavailable):
            await ctx.store.write(_touch, (digest_of(token), now))
    return Session(operator, token)


async def log_out(ctx: Context, session: Session) -> None:
    """End a session."""
    await ctx.store.write(_end, digest_of(session.token))


def by_operator(ctx: Context, name: str, address: str | None) -> Context:
    """Return the context in the hands of an operator."""
    return ctx.by(Actor(ActorKind.OPERATOR, name, address))


class _Beginning(Struct, frozen=True):
    ctx: Context
    name: str
    password_hash: str | None
    digest: str


def _begin_one(transaction: Transaction, wanted: _Beginning) -> Operator:
    connection, now = transaction.connection, wanted.ctx.clock.now()
    # Checking a password takes a while, in which the operator may have been disabled or given another one.
    overtaken = operators.hold_password_hash(connection, wanted.name) != wanted.password_hash
    operator = operators.get(connection, wanted.name)
    if operator is None or overtaken:
        raise Unauthenticated("the name or the password is not right")
    operators.forget_ended_sessions(connection, now)
    ends_at = now + wanted.ctx.limits.sessions.longest
    operators.begin_session(connection, wanted.digest, operator=operator.name, now=now, ends_at=ends_at)
    note(wanted.ctx, transaction, AuditAction.OPERATOR_LOG_IN, partner=None, subject=operator.name)
    return operator


def _touch_one(transaction: Transaction, used: tuple[str, Instant]) -> None:
    digest, now = used
    operators.touch_session(transaction.connection, digest, now=now)


def _end_one(transaction: Transaction, digest: str) -> None:
    operators.end_session(transaction.connection, digest)


_begin = each(_begin_one)
_touch = each(_touch_one)
_end = each(_end_one)
