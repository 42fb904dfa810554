"""The one module that asks the machine what time it is.

Owns both clocks: the wall clock, for what is stored and signed, and the monotonic one, for deadlines.
"""

import time

from tidings.core.instants import SECOND, Instant, Span

_JUMP: Span = SECOND


class Clock:
    """The machine's clocks, in microseconds. Tests pass another object of this shape."""

    def now(self) -> Instant:
        """Microseconds since the Unix epoch."""
        return time.time_ns() // 1000

    def monotonic(self) -> Span:
        """Microseconds since some moment; never goes back."""
        return time.monotonic_ns() // 1000

    _ahead: Span | None = None

    def steady(self) -> Instant:
        """Microseconds since the Unix epoch by a clock that nobody sets: for leases (docs/decisions/0015).

        It began where the wall clock was, or where ``keep_to`` put it, and goes on with the monotonic one.
        """
        if self._ahead is None:
            self._ahead = self.now() - self.monotonic()
        return self._ahead + self.monotonic()

    def keep_to(self, moment: Instant, *, seen_at: Span) -> None:
        """Have ``steady`` agree with another clock, which showed ``moment`` at ``seen_at`` of the monotonic one."""
        self._ahead = moment - seen_at


class Jumps:
    """Whether the wall clock was set, as against the monotonic one, between two looks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart = self._look()

    def since_last_look(self) -> Span:
        """Return by how much the wall clock jumped, ahead (more than 0) or back; 0 for what is no jump."""
        before, self._apart = self._apart, self._look()
        jumped = self._apart - before
        return jumped if abs(jumped) >= _JUMP else 0

    def _look(self) -> Span:
        return self._clock.now() - self._clock.monotonic()
