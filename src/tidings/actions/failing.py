"""Which webhooks are failing just now: those that failed and have not succeeded since."""

from collections.abc import Sequence
from functools import partial

from tidings.actions.context import Context
from tidings.store import conditions
from tidings.store.conditions import FailingWebhook


async def list_failing(ctx: Context, *, limit: int) -> list[FailingWebhook]:
    """Return at most ``limit`` of them, those first that have been failing for longest."""
    return await ctx.store.read(partial(conditions.failing_longest, limit=limit))


async def list_failing_among(ctx: Context, webhooks: Sequence[str]) -> list[FailingWebhook]:
    """Return those of ``webhooks`` that are, in the same order."""
    return await ctx.store.read(partial(conditions.failing_among, names=webhooks))


__all__ = ["FailingWebhook", "list_failing", "list_failing_among"]
