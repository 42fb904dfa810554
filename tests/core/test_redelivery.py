"""Sending many again, at a rate."""

from hypothesis import given
from hypothesis import strategies as st

from tidings.core import redelivery
from tidings.core.instants import SECOND, Instant
from tidings.core.model import State
from tidings.core.redelivery import MOST_AT_ONCE, MOST_PER_SECOND, Selection

RATES = st.integers(1, MOST_PER_SECOND)
NOW: Instant = 1_735_732_800 * SECOND


def test_what_failed_is_what_is_wanted_unless_another_state_is_named() -> None:
    assert Selection().state is State.FAILED


@given(RATES)
def test_a_transaction_makes_one_at_least_and_a_bounded_number(rate: int) -> None:
    assert 1 <= redelivery.quota(rate) <= min(MOST_AT_ONCE, max(1, rate))


@given(RATES, st.integers(1, 500))
def test_whoever_keeps_up_makes_no_more_than_the_rate(rate: int, turns: int) -> None:
    due_at, made = NOW, 0
    for _ in range(turns):
        count = redelivery.quota(rate)
        made += count
        due_at = redelivery.next_due(due_at, made=count, rate=rate, now=due_at)

    # Whole microseconds are lost with each turn, at most one.
    assert made * SECOND <= (due_at - NOW + turns) * rate


@given(RATES, st.integers(0, 3600))
def test_a_pause_is_made_up_for_by_one_second_at_most(rate: int, seconds: int) -> None:
    now = NOW + seconds * SECOND

    due_at = redelivery.next_due(NOW, made=rate, rate=rate, now=now)

    assert due_at == max(NOW + SECOND, now)
