"""Moments and their spellings."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from tidings.core import instants

MOMENT = 1_736_937_000_123_456
LAST_MOMENT = 253_402_300_799_999_999


def test_a_moment_is_spelled_with_as_many_digits_as_its_reader_expects() -> None:
    assert instants.rfc3339(MOMENT) == "2025-01-15T10:30:00Z"
    assert instants.rfc3339_micros(MOMENT) == "2025-01-15T10:30:00.123456Z"
    assert instants.rfc3339_nanos(MOMENT) == "2025-01-15T10:30:00.123456000Z"
    assert instants.rfc3339_micros(LAST_MOMENT) == "9999-12-31T23:59:59.999999Z"


def test_a_moment_that_is_asked_about_is_of_our_age() -> None:
    assert instants.instant_of(datetime(2025, 1, 15, 10, 30, 0, 123_456, tzinfo=UTC)) == MOMENT
    assert instants.instant_of(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert instants.instant_of(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)) is None
    assert instants.instant_of(datetime.max.replace(tzinfo=UTC)) == LAST_MOMENT
    assert instants.instant_of(datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))) is None
    assert instants.instant_of(datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))) is None


@given(st.integers(0, 10**8))
def test_a_span_of_whole_microseconds_survives_seconds(length: int) -> None:
    assert instants.span(instants.to_seconds(length)) == length
