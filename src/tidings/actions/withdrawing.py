"""Cancel what waits for a webhook that was paused: disabled, deleted, or of a disabled partner.

Owns the promise that the answer comes at once and that nothing is attempted after it, however much waits: the webhook
is marked, which takes it out of every claim, and a bounded number ends with it; the engine ends the rest, after a
crash too (docs/decisions/0014).
"""

from msgspec import Struct

from tidings.actions.context import Context
from tidings.core.delivery import Move
from tidings.core.instants import Instant
from tidings.store import deliveries, webhooks
from tidings.store.group_commit import each
from tidings.store.journal import Kind
from tidings.store.transaction import Transaction

MOST_AT_ONCE = 1_000


class Withdrawing(Struct, frozen=True):
    """Cancel more of what waits for ``webhook``; None is any that is marked."""

    ctx: Context
    webhook: str | None = None


def withdraw(transaction: Transaction, webhook: str, *, now: Instant) -> None:
    """Cancel what waits for a webhook that is being paused, or mark it and leave what is left to the engine."""
    # Written first: claims that are under way hold the webhook, and are waited for here.
    webhooks.set_withdrawing(transaction.connection, webhook, withdrawing=True)
    deliveries.cut_short(transaction.connection, webhook=webhook)
    _withdraw_some(transaction, webhook, now)


def _withdraw_some(transaction: Transaction, webhook: str, now: Instant) -> None:
    withdrawn = deliveries.withdraw(transaction.connection, webhook=webhook, now=now, most=MOST_AT_ONCE)
    transaction.ended(Move.WITHDRAWN, Kind.CANCELLED, withdrawn)
    if withdrawn.total() < MOST_AT_ONCE:
        webhooks.set_withdrawing(transaction.connection, webhook, withdrawing=False)


def _withdraw_more(transaction: Transaction, wanted: Withdrawing) -> bool:
    """Cancel a bounded number; return whether there was anything to do."""
    webhook = webhooks.hold_withdrawing(transaction.connection, wanted.webhook)
    if webhook is not None:
        _withdraw_some(transaction, webhook, wanted.ctx.clock.now())
    return webhook is not None


withdraw_more = each(_withdraw_more)
