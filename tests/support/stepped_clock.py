"""A clock that stands still until a test moves it."""

from tidings.clock import Clock
from tidings.core.instants import SECOND, Instant, Span

START: Instant = 1_735_732_800 * SECOND
"""2025-01-01T12:00:00Z."""


class SteppedClock(Clock):
    """Both clocks, moved together by ``pass_``."""

    def __init__(self, start: Instant = START) -> None:
        self.start = start
        self.elapsed: Span = 0

    def now(self) -> Instant:
        return self.start + self.elapsed

    def monotonic(self) -> Span:
        return self.elapsed

    def pass_(self, length: Span) -> None:
        self.elapsed += length

    def jump(self, length: Span) -> None:
        """Set the wall clock alone, as whoever administers a machine may."""
        self.start += length
