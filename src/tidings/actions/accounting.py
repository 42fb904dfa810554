"""How many deliveries are in which state, all processes together (guarantee G19)."""

from tidings.actions.context import Context
from tidings.core.model import State
from tidings.store import tallies


async def count_deliveries(ctx: Context) -> dict[State, int]:
    """Return the number of deliveries in each state. Raises Unavailable."""
    return await ctx.store.read(tallies.read)
