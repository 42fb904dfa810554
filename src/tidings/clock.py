"""The one module that asks the machine what time it is.

Owns both clocks: the wall clock, for what is stored and signed, and the monotonic one, for deadlines.
"""

import time

from tidings.core.instants import Instant, Span


class Clock:
    """The machine's clocks, in microseconds. Tests pass another object of this shape."""

    def now(self) -> Instant:
        """Microseconds since the Unix epoch."""
        return time.time_ns() // 1000

    def monotonic(self) -> Span:
        """Microseconds since some moment; never goes back."""
        return time.monotonic_ns() // 1000
