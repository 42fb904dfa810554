"""The first page: how things stand, and how they went in the last hour, day and week."""

from litestar import Response, get

from tidings.actions import accounting, failing
from tidings.core.model import State
from tidings.web.console.access import PREFIX, Visiting
from tidings.web.console.health import overdue
from tidings.web.console.history import history

MOST_FAILING = 10


@get(PREFIX)
async def overview(visit: Visiting) -> Response[bytes]:
    standing = await accounting.how_things_stand(visit.ctx)
    return visit.page(
        "overview.html",
        history=await history(visit),
        pending=standing.tallied[State.PENDING],
        in_flight=standing.tallied[State.IN_FLIGHT],
        overdue=overdue(standing.oldest_due_at, visit.ctx.clock.now()),
        processes=standing.processes,
        anything=standing.fan_out > 0,
        failing=await failing.list_failing(visit.ctx, limit=MOST_FAILING + 1),
        most_failing=MOST_FAILING,
    )


HANDLERS = (overview,)
