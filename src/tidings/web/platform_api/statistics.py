"""Statistics: parse, act, render."""

from litestar import Response, get
from msgspec import Struct

from tidings.actions import statistics
from tidings.actions.statistics import Bucket, Statistics
from tidings.core.instants import rfc3339_micros
from tidings.web.answer import result
from tidings.web.api import Ctx, HttpRequest
from tidings.web.openapi import Operation
from tidings.web.platform_api.queries import StatisticsQuery, statistics_query
from tidings.web.platform_api.refusals import OF_ONE
from tidings.web.platform_api.views import shown


class PointFields(Struct, frozen=True, kw_only=True):
    """What happened in one bucket, or in all of them together.

    published: events; with a webhook, those that went to it. attempts: requests that ended. p50_ms and the others:
    milliseconds from published to delivered, estimated from bins; null where nothing was delivered.
    most_pending: how many deliveries waited when most did; longest_overdue_ms: by how much the first of them was
    overdue at the end of a minute, at most. Both are null where no process looked, and with any filter.
    """

    starts_at: str
    published: int
    delivered: int
    failed: int
    cancelled: int
    attempts: int
    failed_attempts: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    most_pending: int | None
    longest_overdue_ms: int | None


class StatisticsView(Struct, frozen=True, kw_only=True):
    """A point for each bucket, oldest first, the empty ones included, and all of them added up."""

    bucket: Bucket
    since: str
    until: str
    points: tuple[PointFields, ...]
    total: PointFields


def statistics_view(found: Statistics) -> StatisticsView:
    return StatisticsView(
        bucket=found.bucket,
        since=rfc3339_micros(found.since),
        until=rfc3339_micros(found.until),
        points=tuple(shown(point, PointFields) for point in found.points),
        total=shown(found.total, PointFields),
    )


@get("/platform/v1/statistics")
async def show_statistics(ctx: Ctx, request: HttpRequest) -> Response[bytes]:
    query = statistics_query(request.scope)
    return result(statistics_view(await statistics.show_statistics(ctx, query.filter())))


HANDLERS = (show_statistics,)
OPERATIONS = (
    Operation(
        method="get",
        path="/platform/v1/statistics",
        id="show_statistics",
        summary="Count what happened over time, by partner, webhook and event type; some seconds old, and exact.",
        answer=StatisticsView,
        query=StatisticsQuery,
        errors=OF_ONE | {400},
    ),
)
