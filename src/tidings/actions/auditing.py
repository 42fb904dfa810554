"""The audit trail: written by every action that changes something, read by administrators.

Owns that an entry is in the very transaction of what it tells: neither is there without the other. Refuses to write
down what nobody did.
"""

import re
from functools import partial

from msgspec import Struct

from tidings.actions.context import Context
from tidings.actions.cursors import check_cursor
from tidings.core import ids
from tidings.core.audit import AuditAction, Detail, Entry, check_actor
from tidings.store import audit
from tidings.store.audit import AuditFilter
from tidings.store.transaction import Transaction

_TURN_BYTES = 2
_TURNS = 1 << (8 * _TURN_BYTES)
_CURSOR = re.compile(r"aud_[0-9a-z]{26}")


class Trail(Struct, frozen=True):
    """Entries, newest first. A page may be short, or empty: only ``next_cursor`` tells whether there are more."""

    entries: list[Entry]
    next_cursor: str | None


def note(
    ctx: Context, transaction: Transaction, action: AuditAction, *, partner: str | None, subject: str, **details: Detail
) -> None:
    """Have ``action`` written down with the transaction that does it. ``details`` are settings, never secrets.

    Like everything that a member of a group writes, it comes after all that may still be refused.
    """
    if ctx.actor is None:
        raise RuntimeError(
            f"{action} was asked for by nobody: an action's context is one that was given with Context.by"
        )
    now = ctx.clock.now()
    entry = Entry(
        id=ids.audit_id(now, _turn(transaction) + ctx.entropy(ids.ID_ENTROPY - _TURN_BYTES)),
        created_at=now,
        actor=str(ctx.actor),
        address=ctx.actor.address,
        action=action,
        partner=partner,
        subject=subject,
        details=details,
    )
    transaction.audited(entry)


def _turn(transaction: Transaction) -> bytes:
    """Return what keeps the deeds of one transaction in their order, though they are of one millisecond."""
    return (len(transaction.entries) % _TURNS).to_bytes(_TURN_BYTES)


async def list_entries(ctx: Context, wanted: AuditFilter, *, limit: int, cursor: str | None) -> Trail:
    """Return a page of at most ``limit`` entries. Raises InvalidArgument for a cursor or an actor that cannot be."""
    if wanted.actor is not None:
        check_actor(wanted.actor)
    check_cursor(cursor, _CURSOR)
    found = await ctx.store.read(partial(audit.page, wanted=wanted, before=cursor, limit=limit))
    return Trail(found.rows, found.goes_on)


__all__ = ["AuditFilter", "Trail", "list_entries", "note"]
