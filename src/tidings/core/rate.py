"""Token buckets: how often somebody may ask.

Owns the arithmetic. Refuses to keep a bucket: whoever asks brings it and takes the next one home.
"""

from math import ceil

from msgspec import Struct

from tidings.core.instants import SECOND, Span


class Rate(Struct, frozen=True):
    """So many at once, and so many in each second from then on."""

    burst: int
    per_second: float


class Bucket(Struct, frozen=True):
    """What was left at a moment, in microseconds of any one clock."""

    tokens: float
    at: Span


class Draw(Struct, frozen=True):
    """The bucket afterwards, and None, or the whole seconds to wait when nothing could be drawn."""

    bucket: Bucket
    retry_after: int | None


def take(bucket: Bucket | None, now: Span, rate: Rate) -> Draw:
    """Draw one token; a bucket that does not exist yet is full."""
    tokens = _filled(bucket, now, rate)
    if tokens >= 1:
        return Draw(Bucket(tokens - 1, now), None)
    return Draw(Bucket(tokens, now), max(1, ceil((1 - tokens) / rate.per_second)))


def is_full(bucket: Bucket, now: Span, rate: Rate) -> bool:
    """Tell whether the bucket may be forgotten: a new one would be the same."""
    return _filled(bucket, now, rate) >= rate.burst


def _filled(bucket: Bucket | None, now: Span, rate: Rate) -> float:
    if bucket is None:
        return float(rate.burst)
    # A clock that stepped back fills nothing, and takes nothing away.
    elapsed = max(0, now - bucket.at)
    return min(float(rate.burst), bucket.tokens + elapsed * rate.per_second / SECOND)
