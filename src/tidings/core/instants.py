"""Moments and spans: whole microseconds, so that they are exact in JSON and in both databases.

Owns the spellings of a moment. Refuses to know what time it is: that is an argument.
"""

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Instant: TypeAlias = int
"""Microseconds since 1970-01-01T00:00:00Z."""

Span: TypeAlias = int
"""A length of time in microseconds."""

SECOND: Span = 1_000_000
MILLISECOND: Span = 1_000
END_OF_TIME: Instant = 2**62
"""Later than every moment."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def span(seconds: float) -> Span:
    """Return ``seconds`` as a span, to the nearest microsecond."""
    return round(seconds * SECOND)


def to_seconds(length: Span) -> float:
    return length / SECOND


def instant_of(moment: datetime) -> Instant | None:
    """Return the moment that somebody asks about, given with an offset; None unless it is of the years 1970 to 9999.

    Nothing happened before, and what an offset puts outside of the calendar cannot be spelled in UTC.
    """
    return (moment - _EPOCH) // _MICROSECOND if _EPOCH <= moment <= _LATEST else None


def rfc3339(moment: Instant) -> str:
    """Spell a moment with whole seconds, as webhook objects do: ``2023-01-01T00:00:00Z`` (contract.md section 1)."""
    return datetime.fromtimestamp(moment // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_micros(moment: Instant) -> str:
    """Spell a moment with six fractional digits, as the platform API does: ``2023-01-01T00:00:00.000000Z``."""
    seconds, micros = divmod(moment, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{micros:06d}Z"


def rfc3339_nanos(moment: Instant) -> str:
    """Spell a moment with nine fractional digits, as events do (contract.md section 6)."""
    return f"{rfc3339_micros(moment)[:-1]}000Z"
