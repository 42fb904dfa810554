"""When is the next attempt? Exponential backoff inside a window (contract.md section 7, retries).

Owns the schedule. Chance is an argument: ``dice`` is a number in [0, 1).
"""

from msgspec import Struct

from tidings.core.instants import SECOND, Instant, Span

_DOUBLINGS = 40
"""Beyond this many doublings any cap is reached; larger shifts would only make larger numbers."""


class Schedule(Struct, frozen=True, kw_only=True):
    """Delays of ``base``, twice and four times ``base`` … up to ``cap``, each ± ``jitter`` of it, inside ``window``."""

    window: Span = 300 * SECOND
    base: Span = SECOND
    cap: Span = 60 * SECOND
    jitter: float = 0.2

    def delay(self, attempts: int, dice: float) -> Span:
        """Return the wait after attempt number ``attempts`` (from 1)."""
        plain = self.cap if attempts > _DOUBLINGS else min(self.cap, self.base << (attempts - 1))
        return round(plain * (1 + self.jitter * (2 * dice - 1)))

    def last_start(self, first_attempt_at: Instant) -> Instant:
        """Return the last moment at which an attempt of this delivery may start."""
        return first_attempt_at + self.window
