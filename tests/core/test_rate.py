"""Token buckets."""

from hypothesis import given
from hypothesis import strategies as st

from tidings.core.instants import SECOND
from tidings.core.rate import Bucket, Draw, Rate, is_full, take

RATE = Rate(burst=3, per_second=2)


def test_a_new_bucket_is_full() -> None:
    assert take(None, 0, RATE) == Draw(Bucket(2.0, 0), None)


def test_an_empty_bucket_says_how_many_whole_seconds_to_wait() -> None:
    assert take(Bucket(0.0, 0), 0, RATE) == Draw(Bucket(0.0, 0), 1)
    assert take(Bucket(0.0, 0), 0, Rate(1, 0.1)).retry_after == 10


def test_a_bucket_fills_with_time_but_not_above_its_burst() -> None:
    assert take(Bucket(0.0, 0), SECOND, RATE).bucket.tokens == 1.0
    assert take(Bucket(0.0, 0), 100 * SECOND, RATE).bucket.tokens == 2.0


def test_a_clock_that_stepped_back_neither_fills_nor_empties() -> None:
    assert take(Bucket(1.5, 10 * SECOND), 0, RATE) == Draw(Bucket(0.5, 0), None)


def test_a_bucket_is_full_again_after_a_while() -> None:
    assert not is_full(Bucket(2.0, 0), 0, RATE)
    assert is_full(Bucket(2.0, 0), SECOND, RATE)


@given(st.lists(st.integers(0, SECOND), max_size=60), st.integers(1, 5), st.floats(0.1, 10))
def test_nobody_draws_more_than_burst_and_rate_allow(waits: list[int], burst: int, per_second: float) -> None:
    rate, bucket, now, drawn = Rate(burst, per_second), None, 0, 0
    for wait in waits:
        now += wait
        draw = take(bucket, now, rate)
        bucket = draw.bucket
        drawn += draw.retry_after is None
    assert drawn <= burst + now * per_second / SECOND + 1e-6


@given(st.floats(0, 0.999), st.floats(0.1, 10))
def test_whoever_waits_as_told_gets_a_token(tokens: float, per_second: float) -> None:
    rate = Rate(5, per_second)
    refused = take(Bucket(tokens, 0), 0, rate)
    assert refused.retry_after is not None
    again = take(refused.bucket, refused.retry_after * SECOND, rate)
    assert again.retry_after is None
