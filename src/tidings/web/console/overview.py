"""The first page: how things stand, and how they went in the last hour, day and week."""

from enum import StrEnum

from litestar import Response, get
from msgspec import Struct

from tidings.actions import accounting, failing, statistics
from tidings.actions.context import Context
from tidings.actions.statistics import Bucket, Point, Statistics, StatisticsFilter
from tidings.core.instants import SECOND, rfc3339
from tidings.core.model import State
from tidings.errors import InvalidArgument
from tidings.telemetry.standing import Standing
from tidings.web.console.access import PREFIX, Visiting
from tidings.web.pages.charts import Chart, Series, bars, lines

MOST_FAILING = 10
_HOUR = 3_600 * SECOND


class Period(StrEnum):
    """What the pictures show."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


_COUNTED = {
    Period.HOUR: (60, Bucket.MINUTE, 60 * SECOND),
    Period.DAY: (24, Bucket.HOUR, _HOUR),
    Period.WEEK: (168, Bucket.HOUR, _HOUR),
}
"""How many points, of which span."""


class Row(Struct, frozen=True):
    """A period and all that happened in it."""

    period: Period
    total: Point
    success: float | None
    per_second: float


class Pictures(Struct, frozen=True):
    """A period, drawn."""

    deliveries: Chart
    latency: Chart
    counted: Statistics


@get(PREFIX)
async def overview(visit: Visiting) -> Response[bytes]:
    period = _period(visit.query.one("span"))
    standing = await accounting.how_things_stand(visit.ctx)
    counted = {each: await _counted(visit.ctx, each) for each in Period}
    return visit.page(
        "overview.html",
        period=period,
        periods=list(Period),
        rows=[_row(each, one) for each, one in counted.items()],
        pictures=_drawn(counted[period]),
        pending=standing.tallied[State.PENDING],
        in_flight=standing.tallied[State.IN_FLIGHT],
        overdue=_overdue(standing, visit.ctx.clock.now()),
        processes=standing.processes,
        anything=standing.fan_out > 0,
        failing=await failing.list_failing(visit.ctx, limit=MOST_FAILING + 1),
        most_failing=MOST_FAILING,
    )


def _period(text: str) -> Period:
    try:
        return Period(text or Period.HOUR)
    except ValueError:
        raise InvalidArgument("span", f"must be one of {', '.join(Period)}") from None


async def _counted(ctx: Context, period: Period) -> Statistics:
    points, bucket, span = _COUNTED[period]
    until = ctx.clock.now()
    wanted = StatisticsFilter(bucket=bucket, since=until - (points - 1) * span, until=until)
    return await statistics.show_statistics(ctx, wanted)


def _row(period: Period, counted: Statistics) -> Row:
    total = counted.total
    ended = total.delivered + total.failed
    seconds = (counted.until - counted.since) / SECOND
    return Row(period, total, total.delivered / ended if ended else None, total.delivered / seconds)


def _drawn(counted: Statistics) -> Pictures:
    points = counted.points
    names = ("delivered", "failed", "cancelled")
    ended = [Series(name, [getattr(point, name) for point in points]) for name in names]
    latency = [Series("p50", [point.p50_ms for point in points]), Series("p95", [point.p95_ms for point in points])]
    return Pictures(
        bars("Deliveries that ended", ended, [_label(point) for point in points]),
        lines("From published to delivered", latency),
        counted,
    )


def _label(point: Point) -> str:
    return (
        f"{rfc3339(point.starts_at)}: {point.delivered} delivered, {point.failed} failed, {point.cancelled} cancelled"
    )


def _overdue(standing: Standing, now: int) -> int | None:
    """Return for how long the oldest delivery that is due has waited; None when nothing is."""
    due = standing.oldest_due_at
    return None if due is None or due > now else now - due


HANDLERS = (overview,)
