"""The schedule of attempts (contract.md section 7)."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core.instants import SECOND
from tidings.core.retry import Schedule

EVEN = 0.5


def test_the_delays_are_the_contracts() -> None:
    delays = [Schedule().delay(attempts, EVEN) // SECOND for attempts in range(1, 10)]
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_delay_is_off_by_a_fifth_at_most(attempts: int, dice: float) -> None:
    plain = Schedule().delay(attempts, EVEN)
    assert abs(Schedule().delay(attempts, dice) - plain) <= plain * 0.2 + 1


def test_delays_never_shrink() -> None:
    assert all(one <= two for one, two in pairwise(Schedule().delay(attempts, EVEN) for attempts in range(1, 100)))


@pytest.mark.parametrize("attempts", [40, 41, 10**6])
def test_very_many_attempts_wait_the_cap(attempts: int) -> None:
    assert Schedule(cap=5 * SECOND).delay(attempts, EVEN) == 5 * SECOND


def test_the_window_counts_from_the_first_attempt() -> None:
    assert Schedule(window=300 * SECOND).last_start(7) == 7 + 300 * SECOND
