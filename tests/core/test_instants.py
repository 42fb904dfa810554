"""Moments and their spellings."""

from hypothesis import given
from hypothesis import strategies as st

from tidings.core import instants

MOMENT = 1_736_937_000_123_456


def test_a_moment_is_spelled_with_as_many_digits_as_its_reader_expects() -> None:
    assert instants.rfc3339(MOMENT) == "2025-01-15T10:30:00Z"
    assert instants.rfc3339_micros(MOMENT) == "2025-01-15T10:30:00.123456Z"
    assert instants.rfc3339_nanos(MOMENT) == "2025-01-15T10:30:00.123456000Z"


@given(st.integers(0, 10**8))
def test_a_span_of_whole_microseconds_survives_seconds(length: int) -> None:
    assert instants.span(instants.to_seconds(length)) == length
