"""How much, how well and how fast, over time: by partner, webhook and event type.

Owns the buckets, their bounds and the defaults. What it tells is some three seconds old, and exact: what is counted is
written in the transaction in which it happened (docs/decisions/0006).
"""

from enum import StrEnum
from functools import partial, reduce
from typing import TypeAlias

from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.context import Context
from tidings.core.instants import MILLISECOND, SECOND, Instant, Span
from tidings.core.latency import BINS, percentile_ms
from tidings.errors import InvalidArgument, NotFound
from tidings.store import backlog, statistics, webhooks
from tidings.store.backlog import Height
from tidings.store.bookkeeping import COUNTS
from tidings.store.statistics import Resolution, Wanted

MOST_POINTS = 1500
"""Points that one answer may have: a day of minutes, two months of hours."""
_USUAL_POINTS = 60
_LATEST: Instant = 253_402_214_400 * SECOND
"""9999-12-31T00:00:00Z, the end of the last day whose end can be spelled."""


class Bucket(StrEnum):
    """The span of one point."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"


_SPANS: dict[Bucket, Span] = {
    Bucket.MINUTE: 60 * SECOND,
    Bucket.HOUR: 3600 * SECOND,
    Bucket.DAY: 86_400 * SECOND,
}


class StatisticsFilter(Struct, frozen=True, kw_only=True):
    """What to count. Without ``until`` to this moment, without ``since`` the sixty buckets before ``until``."""

    partner: str | None = None
    webhook: str | None = None
    event_type: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    bucket: Bucket = Bucket.HOUR


class Point(Struct, frozen=True, kw_only=True):
    """What happened in one bucket, which began at ``starts_at``, or in all of them together.

    ``published`` counts events, with a webhook those that went to it; ``attempts`` counts requests that ended. The
    percentiles are of milliseconds from published to delivered; None where nothing was delivered. ``most_pending`` is
    how many deliveries waited when most did, ``longest_overdue_ms`` by how much the first of them was overdue at the
    end of a minute, at most; None where no process looked, and of less than everybody's deliveries.
    """

    starts_at: Instant
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


class Statistics(Struct, frozen=True, kw_only=True):
    """A point for each bucket, oldest first, the empty ones included, and all of them added up."""

    bucket: Bucket
    since: Instant
    until: Instant
    points: list[Point]
    total: Point


async def show_statistics(ctx: Context, wanted: StatisticsFilter) -> Statistics:
    """Count what happened. Raises InvalidArgument for a span that has no buckets or too many.

    Raises NotFound for a webhook that is not there, or is another partner's than the one named.
    """
    span = _SPANS[wanted.bucket]
    until = ctx.clock.now() if wanted.until is None else wanted.until
    since = until - (_USUAL_POINTS - 1) * span if wanted.since is None else wanted.since
    starts = range(since - since % span, until, span)
    if not starts:
        raise InvalidArgument("until", "must be later than since")
    if until > _LATEST:
        raise InvalidArgument("until", "is so late that its bucket has no end")
    if len(starts) > MOST_POINTS:
        raise InvalidArgument("since", f"is more than {MOST_POINTS} buckets before until; ask for a longer bucket")
    counted, heights = await ctx.store.read(partial(_found, wanted=wanted, starts=starts))
    sums = [[0] * len(COUNTS) for _ in starts]
    for moment, counts in counted.items():
        _add(sums[(moment - starts[0]) // span], counts)
    total = [sum(column) for column in zip(*sums, strict=True)]
    highest = _highest(heights, starts)
    return Statistics(
        bucket=wanted.bucket,
        since=starts[0],
        until=starts[-1] + span,
        points=[_point(start, counts, highest.get(start)) for start, counts in zip(starts, sums, strict=True)],
        total=_point(starts[0], total, reduce(_higher, highest.values(), None)),
    )


_Counts: TypeAlias = dict[Instant, list[int]]
_Heights: TypeAlias = dict[Instant, Height]


def _found(connection: Connection, *, wanted: StatisticsFilter, starts: range) -> tuple[_Counts, _Heights]:
    partner = wanted.partner
    if wanted.webhook is not None:
        partner = webhooks.owner_of(connection, wanted.webhook)
        if partner is None or wanted.partner not in {None, partner}:
            raise NotFound("webhook", wanted.webhook)
    resolution = Resolution.MINUTE if wanted.bucket is Bucket.MINUTE else Resolution.HOUR
    since, until = starts.start, starts[-1] + starts.step
    asked = Wanted(
        partner=partner,
        webhook=wanted.webhook,
        event_type=wanted.event_type,
        resolution=resolution,
        since=since,
        until=until,
    )
    is_everything = partner is None and wanted.event_type is None
    heights = backlog.between(connection, resolution, since, until) if is_everything else {}
    return statistics.counts(connection, asked), heights


def _highest(heights: _Heights, starts: range) -> _Heights:
    """Return the highest of each bucket of which anything is known."""
    highest: _Heights = {}
    for moment, height in heights.items():
        start = moment - moment % starts.step
        highest[start] = _higher(highest.get(start), height)
    return highest


def _higher(one: Height | None, other: Height) -> Height:
    return other.or_higher(one)


def _add(sums: list[int], counts: list[int]) -> None:
    for place, count in enumerate(counts):
        sums[place] += count


def _point(start: Instant, counts: list[int], height: Height | None) -> Point:
    published, delivered, failed, cancelled, attempts, failed_attempts = counts[:-BINS]
    bins = counts[-BINS:]
    return Point(
        starts_at=start,
        published=published,
        delivered=delivered,
        failed=failed,
        cancelled=cancelled,
        attempts=attempts,
        failed_attempts=failed_attempts,
        p50_ms=percentile_ms(bins, 50),
        p95_ms=percentile_ms(bins, 95),
        p99_ms=percentile_ms(bins, 99),
        most_pending=None if height is None else height.pending,
        longest_overdue_ms=None if height is None else height.overdue // MILLISECOND,
    )


__all__ = ["MOST_POINTS", "Bucket", "Point", "Statistics", "StatisticsFilter", "show_statistics"]
