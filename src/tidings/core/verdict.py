"""What next? From an outcome to the end of the delivery or its next attempt.

Owns the rule of what is retried (contract.md section 7). Acts on nothing.
"""

from typing import TypeAlias

from msgspec import Struct

from tidings.core.instants import SECOND, Instant
from tidings.core.outcome import SUCCESS, Answered, Blocked, Outcome
from tidings.core.retry import Schedule

_RETRY_AFTER_HONOURED = frozenset({429, 503})


class Delivered(Struct, frozen=True):
    """The receiver has it."""


class RetryAt(Struct, frozen=True):
    """Try again at ``due_at``."""

    due_at: Instant


class Failed(Struct, frozen=True):
    """No further attempt will be made."""


Verdict: TypeAlias = Delivered | RetryAt | Failed


def judge(
    outcome: Outcome, *, attempts: int, first_attempt_at: Instant, schedule: Schedule, now: Instant, dice: float
) -> Verdict:
    """Return what follows from the outcome of attempt number ``attempts``.

    Everything is retried but our own refusal to connect. A next attempt that would start after the window is not
    waited for: the delivery fails at once (contract.md section 7).
    """
    match outcome:
        case Answered(status=status) if status in SUCCESS:
            return Delivered()
        case Blocked():
            return Failed()
        case _:
            due_at = now + max(schedule.delay(attempts, dice), _asked_wait(outcome))
            return RetryAt(due_at) if due_at <= schedule.last_start(first_attempt_at) else Failed()


def _asked_wait(outcome: Outcome) -> int:
    match outcome:
        case Answered(status=status, retry_after=int(seconds)) if status in _RETRY_AFTER_HONOURED:
            return seconds * SECOND
        case _:
            return 0
