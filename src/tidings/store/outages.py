"""Whether the database is lost, for the whole process: told once when it is, and once when it is back.

Owns that state. A database that fails some writes and takes others, as a full disk does, is lost until it has answered
for a while without a failure.
"""

from tidings.clock import Clock
from tidings.core.instants import MILLISECOND, SECOND, Span
from tidings.errors import Unavailable
from tidings.telemetry.facts import DatabaseBack, DatabaseLost, Emit

_QUIET: Span = 5 * SECOND


class Outages:
    """Hears of each question and each write how it ended."""

    def __init__(self, *, clock: Clock, emit: Emit) -> None:
        self._clock = clock
        self._emit = emit
        self._lost_at: Span | None = None
        self._well_since: Span | None = None

    def failed(self, error: Unavailable) -> None:
        self._well_since = None
        if self._lost_at is None:
            self._lost_at = self._clock.monotonic()
            self._emit(DatabaseLost(str(error)))

    def answered(self) -> None:
        if self._lost_at is None:
            return
        now = self._clock.monotonic()
        if self._well_since is None:
            self._well_since = now
        elif now - self._well_since >= _QUIET:
            after, self._lost_at = self._well_since - self._lost_at, None
            self._emit(DatabaseBack(after // MILLISECOND))
