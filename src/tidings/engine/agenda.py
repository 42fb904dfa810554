"""When which lane has something due, as far as this process knows.

Owns the order in which lanes get their turn. It is a hint, kept up to date by what this process commits and by polling
the store, which knows the truth.
"""

import heapq
from collections import OrderedDict, deque
from collections.abc import Iterable

from tidings.core.instants import Instant


class Agenda:
    """Lanes with something due, in turn; lanes due later, by time; lanes that wait for room."""

    def __init__(self) -> None:
        self._ready: deque[str] = deque()
        self._is_ready: set[str] = set()
        self._later: list[tuple[Instant, str]] = []
        self._due_at: dict[str, Instant] = {}
        self._parked: set[str] = set()
        self._failing: OrderedDict[str, None] = OrderedDict()

    @property
    def has_ready(self) -> bool:
        return bool(self._ready)

    def notice(self, webhook: str, due_at: Instant) -> None:
        """Learn that a lane has something due at that moment."""
        if webhook in self._is_ready or webhook in self._parked:
            return
        known = self._due_at.get(webhook)
        if known is None or due_at < known:
            self._due_at[webhook] = due_at
            heapq.heappush(self._later, (due_at, webhook))

    def next_at(self) -> Instant | None:
        """Return when the next lane becomes due that is not yet."""
        self._drop_outdated()
        return self._later[0][0] if self._later else None

    def ready(self, now: Instant, most: int) -> list[str]:
        """Take up to ``most`` lanes that are due, in turn."""
        self._drop_outdated()
        while self._later and self._later[0][0] <= now:
            self._make_ready(heapq.heappop(self._later)[1])
            self._drop_outdated()
        taken = [self._ready.popleft() for _ in range(min(most, len(self._ready)))]
        self._is_ready.difference_update(taken)
        return taken

    def again(self, webhooks: Iterable[str]) -> None:
        """Put lanes at the end of the turn: they may have more that is due."""
        for webhook in webhooks:
            self._make_ready(webhook)

    def park(self, webhook: str, *, failing: bool) -> None:
        """Let a lane wait until it has room: its own, or that of all failing lanes together."""
        self._due_at.pop(webhook, None)
        self._parked.add(webhook)
        if failing:
            self._failing[webhook] = None

    def room_in(self, webhook: str) -> bool:
        """Learn that an attempt of a lane ended; return whether a lane that waited is ready now.

        Another failing lane goes first: the one that just had its turn must not keep the common room.
        """
        self._failing.pop(webhook, None)
        other = next(iter(self._failing), None)
        woken = other is not None and self._unpark(other)
        return self._unpark(webhook) or woken

    def room_everywhere(self) -> None:
        """Learn that limits have changed: every lane that waited for room may ask again."""
        for webhook in list(self._parked):
            self._unpark(webhook)

    def _unpark(self, webhook: str) -> bool:
        if webhook not in self._parked:
            return False
        self._parked.remove(webhook)
        self._failing.pop(webhook, None)
        self._make_ready(webhook)
        return True

    def _make_ready(self, webhook: str) -> None:
        self._due_at.pop(webhook, None)
        if webhook not in self._is_ready:
            self._is_ready.add(webhook)
            self._ready.append(webhook)

    def _drop_outdated(self) -> None:
        while self._later and self._due_at.get(self._later[0][1]) != self._later[0][0]:
            heapq.heappop(self._later)
