"""How deliveries went in the last hour, day and week: of everybody, of one partner or of one webhook.

Owns the periods, and what is drawn of the one that a visitor chose with ``span``.
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tidings.actions import statistics
from tidings.actions.context import Context
from tidings.actions.statistics import Bucket, Point, Statistics, StatisticsFilter
from tidings.core.instants import SECOND, rfc3339
from tidings.errors import InvalidArgument
from tidings.web.console.access import Visit
from tidings.web.pages.charts import Chart, Series, bars, lines

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
    success: Chart
    latency: Chart
    counted: Statistics


class History(Struct, frozen=True, kw_only=True):
    """Every period in numbers, the shortest first, and ``period`` in pictures."""

    period: Period
    rows: list[Row]
    pictures: Pictures

    @property
    def hour(self) -> Row:
        return self.rows[0]

    @property
    def has_any(self) -> bool:
        week = self.rows[-1].total
        return any((week.published, week.attempts, week.cancelled))


async def history(visit: Visit, *, partner: str | None = None, webhook: str | None = None) -> History:
    """Count each period. Raises InvalidArgument for a ``span`` that is none.

    Raises NotFound for a webhook that is not there.
    """
    period = _period(visit.query.one("span"))
    of = StatisticsFilter(partner=partner, webhook=webhook)
    counted = {each: await _counted(visit.ctx, each, of) for each in Period}
    rows = [_row(each, one) for each, one in counted.items()]
    return History(period=period, rows=rows, pictures=_drawn(counted[period]))


def _period(text: str) -> Period:
    try:
        return Period(text or Period.HOUR)
    except ValueError:
        raise InvalidArgument("span", f"must be one of {', '.join(Period)}") from None


async def _counted(ctx: Context, period: Period, of: StatisticsFilter) -> Statistics:
    points, bucket, span = _COUNTED[period]
    until = ctx.clock.now()
    wanted = replace(of, bucket=bucket, since=until - (points - 1) * span, until=until)
    return await statistics.show_statistics(ctx, wanted)


def _row(period: Period, counted: Statistics) -> Row:
    seconds = (counted.until - counted.since) / SECOND
    return Row(period, counted.total, _success(counted.total), counted.total.delivered / seconds)


def _success(point: Point) -> float | None:
    """Return which part of what ended by itself arrived; None when nothing did."""
    ended = point.delivered + point.failed
    return point.delivered / ended if ended else None


def _drawn(counted: Statistics) -> Pictures:
    points = counted.points
    names = ("delivered", "failed", "cancelled")
    ended = [Series(name, [getattr(point, name) for point in points]) for name in names]
    latency = [Series("p50", [point.p50_ms for point in points]), Series("p95", [point.p95_ms for point in points])]
    return Pictures(
        bars("Deliveries that ended", ended, [_label(point) for point in points]),
        lines("Success rate", [Series("success", [_success(point) for point in points])], top=1),
        lines("From published to delivered", latency),
        counted,
    )


def _label(point: Point) -> str:
    return (
        f"{rfc3339(point.starts_at)}: {point.delivered} delivered, {point.failed} failed, {point.cancelled} cancelled"
    )
