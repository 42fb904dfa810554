"""How deliveries went in the last hour, day and week: of everybody, of one partner or of one webhook.

Owns the periods, and what is drawn of the one that a visitor chose with ``span``. Of the last hour only whole minutes
are drawn: one that has just begun would look like a fall. An hour that is not over is drawn, since whoever looks at a
day does not want to wait for it.
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from tidings.actions import statistics
from tidings.actions.context import Context
from tidings.actions.statistics import Bucket, Point, Statistics, StatisticsFilter
from tidings.core.instants import SECOND, Instant, Span, rfc3339
from tidings.errors import InvalidArgument
from tidings.web.console.access import Visit
from tidings.web.pages.charts import Chart, Series, bars, lines

_HOUR = 3_600 * SECOND
_SETTLED: Span = 5 * SECOND
"""After so long a minute that is over is counted, all of it."""


class Period(StrEnum):
    """What the pictures show."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


_DRAWN = {
    Period.HOUR: (60, Bucket.MINUTE, 60 * SECOND),
    Period.DAY: (24, Bucket.HOUR, _HOUR),
    Period.WEEK: (168, Bucket.HOUR, _HOUR),
}
"""How many points, of which span."""


class Row(Struct, frozen=True):
    """A period and all that happened in it, from ``since`` until now."""

    period: Period
    since: Instant
    total: Point
    success: float | None
    per_second: float


class Pictures(Struct, frozen=True, kw_only=True):
    """A period, drawn, from ``since`` until ``until``: None for now. The backlog is everybody's, or not drawn."""

    deliveries: Chart
    success: Chart
    latency: Chart
    backlog: Chart | None
    since: Instant
    until: Instant | None


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
    now = visit.ctx.clock.now()
    rows = [_row(each, one, now=now) for each, one in counted.items()]
    has_backlog = partner is None and webhook is None
    return History(period=period, rows=rows, pictures=_drawn(period, counted[period], has_backlog=has_backlog))


def _period(text: str) -> Period:
    try:
        return Period(text or Period.HOUR)
    except ValueError:
        raise InvalidArgument("span", f"must be one of {', '.join(Period)}") from None


async def _counted(ctx: Context, period: Period, of: StatisticsFilter) -> Statistics:
    points, bucket, span = _DRAWN[period]
    until = ctx.clock.now()
    # The last hour in numbers has what was counted of the minute that is not over as well.
    since = until - _SETTLED - points * span if period is Period.HOUR else until - (points - 1) * span
    return await statistics.show_statistics(ctx, replace(of, bucket=bucket, since=since, until=until))


def _row(period: Period, counted: Statistics, *, now: Instant) -> Row:
    total, since = counted.total, counted.since
    return Row(period, since, total, _success(total), total.delivered / ((now - since) / SECOND))


def _success(point: Point) -> float | None:
    """Return which part of what ended by itself arrived; None when nothing did."""
    ended = point.delivered + point.failed
    return point.delivered / ended if ended else None


def _drawn(period: Period, counted: Statistics, *, has_backlog: bool) -> Pictures:
    count, _bucket, span = _DRAWN[period]
    points = counted.points[:count]
    names = ("delivered", "failed", "cancelled")
    ended = [Series(name, [getattr(point, name) for point in points]) for name in names]
    latency = [Series("p50", [point.p50_ms for point in points]), Series("p95", [point.p95_ms for point in points])]
    waiting = [Series("waiting", [point.most_pending for point in points])]
    return Pictures(
        deliveries=bars("Deliveries that ended", ended, [_label(point) for point in points]),
        success=lines("Success rate", [Series("success", [_success(point) for point in points])], top=1),
        latency=lines("From published to delivered", latency),
        backlog=lines("Backlog", waiting) if has_backlog else None,
        since=counted.since,
        until=points[-1].starts_at + span if period is Period.HOUR else None,
    )


def _label(point: Point) -> str:
    return (
        f"{rfc3339(point.starts_at)}: {point.delivered} delivered, {point.failed} failed, {point.cancelled} cancelled"
    )
