"""How things stand, all processes together: what the metrics show of the database (guarantee G19)."""

from functools import partial

from tidings.actions.context import Context
from tidings.store import standing
from tidings.telemetry.standing import Standing


async def how_things_stand(ctx: Context) -> Standing:
    """Count and compare. Raises Unavailable."""
    return await ctx.store.read(partial(standing.read, now=ctx.clock.now()))
