"""Latencies kept in bins, and what can be told from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core.instants import MILLISECOND
from tidings.core.latency import BINS, BOUNDS_MS, bin_of, percentile_ms

LONGEST = BOUNDS_MS[-1] * MILLISECOND


def counted(*latencies: int) -> list[int]:
    counts = [0] * BINS
    for latency in latencies:
        counts[bin_of(latency)] += 1
    return counts


def test_a_bound_belongs_to_the_bin_below_it() -> None:
    assert bin_of(0) == bin_of(-5) == bin_of(1 * MILLISECOND) == 0
    assert bin_of(1 * MILLISECOND + 1) == 1
    assert bin_of(LONGEST) == BINS - 2
    assert bin_of(LONGEST + 1) == BINS - 1


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile_ms([0] * BINS, 99) is None


def test_beyond_the_last_bound_the_last_bound_is_told() -> None:
    assert percentile_ms(counted(10 * LONGEST), 50) == BOUNDS_MS[-1]


def test_a_percentile_lies_inside_its_bin_as_far_as_it_is_filled() -> None:
    counts = counted(*[6 * MILLISECOND] * 50, *[40 * MILLISECOND] * 50)

    assert percentile_ms(counts, 25) == 6.0
    assert percentile_ms(counts, 50) == 7.0
    assert percentile_ms(counts, 99) == pytest.approx(49.6)


@given(st.lists(st.integers(0, LONGEST), min_size=1, max_size=200), st.integers(1, 100))
def test_an_estimate_is_never_further_off_than_the_bin_is_wide(latencies: list[int], percent: int) -> None:
    exact = sorted(latencies)[max(0, -(-len(latencies) * percent // 100) - 1)] / MILLISECOND

    estimate = percentile_ms(counted(*latencies), percent)

    number = bin_of(round(exact * MILLISECOND))
    low = BOUNDS_MS[number - 1] if number else 0
    assert estimate is not None
    assert low <= estimate <= BOUNDS_MS[number]
