"""What next (contract.md section 7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core.instants import SECOND
from tidings.core.outcome import Answered, Blocked, Code, Outcome, Unanswered
from tidings.core.retry import Schedule
from tidings.core.verdict import Delivered, Failed, RetryAt, Verdict, judge

FIRST = 1_000 * SECOND
SCHEDULE = Schedule()


def verdict(outcome: Outcome, *, attempts: int = 1, after: int = 0, dice: float = 0.5) -> Verdict:
    return judge(
        outcome, attempts=attempts, first_attempt_at=FIRST, schedule=SCHEDULE, now=FIRST + after * SECOND, dice=dice
    )


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_2xx_is_a_success_even_after_the_window(status: int) -> None:
    assert verdict(Answered(status), after=10_000) == Delivered()


@pytest.mark.parametrize(
    "outcome",
    [Answered(status) for status in (199, 301, 400, 401, 404, 410, 500)]
    + [Unanswered(code) for code in (Code.DNS_FAILED, Code.TIMEOUT, Code.TLS_FAILED, Code.INTERNAL_ERROR)],
)
def test_every_other_ending_is_tried_again(outcome: Outcome) -> None:
    assert verdict(outcome) == RetryAt(FIRST + SECOND)


def test_our_own_refusal_to_connect_is_final() -> None:
    assert verdict(Blocked()) == Failed()


@pytest.mark.parametrize("status", [429, 503])
def test_the_receivers_wish_is_honoured_when_it_is_the_longer_wait(status: int) -> None:
    assert verdict(Answered(status, retry_after=20)) == RetryAt(FIRST + 20 * SECOND)
    assert verdict(Answered(status, retry_after=0)) == RetryAt(FIRST + SECOND)
    assert verdict(Answered(status)) == RetryAt(FIRST + SECOND)


def test_the_wish_of_another_status_is_not() -> None:
    assert verdict(Answered(500, retry_after=20)) == RetryAt(FIRST + SECOND)


def test_an_attempt_that_would_start_after_the_window_is_not_waited_for() -> None:
    assert verdict(Answered(503, retry_after=300)) == RetryAt(FIRST + 300 * SECOND)
    assert verdict(Answered(503, retry_after=301)) == Failed()
    assert verdict(Answered(500), after=299) == RetryAt(FIRST + 300 * SECOND)
    assert verdict(Answered(500), after=300) == Failed()


@given(st.integers(1, 50), st.integers(0, 400), st.floats(0, 1, exclude_max=True), st.integers(0, 10**9))
def test_no_retry_is_early_or_after_the_window(attempts: int, after: int, dice: float, wish: int) -> None:
    match verdict(Answered(429, retry_after=wish), attempts=attempts, after=after, dice=dice):
        case RetryAt(due_at=due_at):
            assert FIRST + (after + wish) * SECOND <= due_at <= SCHEDULE.last_start(FIRST)
        case other:
            assert other == Failed()
