"""What waits for a partner's webhooks, or for one of them, just now."""

from collections.abc import Sequence
from functools import partial

from tidings.actions.context import Context
from tidings.store import waiting
from tidings.store.waiting import Waiting


async def what_waits(ctx: Context, webhooks: Sequence[str]) -> Waiting:
    """Count no further than ``waiting.MOST``."""
    return await ctx.store.read(partial(waiting.of_webhooks, names=webhooks))


__all__ = ["Waiting", "what_waits"]
