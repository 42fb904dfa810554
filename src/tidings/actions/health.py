"""Whether this process is able to work."""

from tidings.actions.context import Context
from tidings.errors import Misconfigured, Unavailable
from tidings.store import schema


async def check_ready(ctx: Context) -> None:
    """Raise Unavailable unless the database answers and has a schema this release knows."""
    try:
        await ctx.store.read(schema.refuse_other)
    except Misconfigured as error:
        raise Unavailable(str(error)) from error
