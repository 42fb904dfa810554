"""Who works on this database, and how much of each lane's limit a process may use while that changes.

Owns the protocol of docs/decisions/0007: a process shrinks to its share of what it sees, says so, and grows only when
everybody living has said the same. Refuses to know how it is said.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec
from msgspec import Struct

from tidings.core.instants import SECOND, Instant, Span
from tidings.core.sharing import share

SILENCE: Span = 6 * SECOND
"""After so long without a word, as others saw it, a process counts as dead."""
OUT_OF_TOUCH: Span = 5 * SECOND
"""After so long without a word that was heard, a process takes nothing new: it may count as dead soon."""

View: TypeAlias = tuple[str, ...]
"""Processes in a fixed order."""


class Said(Struct, frozen=True):
    """What a process last said: which processes it has shrunk for, and in which lanes it still has too much in flight.

    ``view`` is None for a release that says nothing of it.
    """

    process: str
    seen_at: Instant
    view: View | None
    busy: frozenset[str]


class Roll(Struct, frozen=True):
    """Since when, on this process's own monotonic clock, nothing new was heard of each process."""

    at: Span | None = None
    heard: Mapping[str, tuple[Instant, Span]] = {}

    def after(self, said: Sequence[Said], *, at: Span, now: Instant) -> "Roll":
        """Return the roll after another look. ``now`` is the time by the clock that ``seen_at`` was said by."""
        # Who could not look for a while cannot tell who was silent meanwhile: everybody gets their time again.
        known = {} if self.at is None or at - self.at > SILENCE // 2 else self.heard
        return Roll(at, {one.process: self._heard(one, known.get(one.process), at, now) for one in said})

    def living(self) -> View:
        """Return who is not silent for too long."""
        return tuple(sorted(name for name, (_, since) in self.heard.items() if (self.at or 0) - since < SILENCE))

    def _heard(self, one: Said, known: tuple[Instant, Span] | None, at: Span, now: Instant) -> tuple[Instant, Span]:
        if known is not None and known[0] == one.seen_at:
            return known
        # At the first look of all, those who were silent before it are told by what they said themselves.
        age = min(SILENCE, max(0, now - one.seen_at)) if self.at is None else 0
        return one.seen_at, at - age


class Terms(Struct, frozen=True):
    """What a process may use of each lane's limit: its smallest share among ``bounds``.

    Once all living have said ``view``, it is the share of ``view``, but in lanes where others still hold more than
    theirs (``held_back``; None before all have said so).
    """

    process: str
    view: View = ()
    bounds: tuple[View, ...] = ((),)
    held_back: frozenset[str] | None = None

    def share(self, lane: str, *, limit: int) -> int:
        if self.held_back is not None and lane not in self.held_back:
            return share(limit, lane=lane, process=self.process, processes=self.view)
        return min(share(limit, lane=lane, process=self.process, processes=bound) for bound in self.bounds)

    def shrunk_for(self, living: View) -> "Terms":
        """Return the terms under which nobody in ``living`` can be hurt: no more than before, and no more than then."""
        bounds = self.bounds if living in self.bounds else (*self.bounds, living)
        return Terms(self.process, living, bounds)

    def agreed(self, said: Sequence[Said]) -> "Terms":
        """Return the terms after the living members of ``view`` said this: grown where all have shrunk for it."""
        others = [one for one in said if one.process in self.view and one.process != self.process]
        if any(one.view is not None and one.view != self.view for one in others):
            return self
        busy = frozenset[str]().union(*(one.busy for one in others))
        if busy:
            return msgspec.structs.replace(self, held_back=busy)
        return Terms(self.process, self.view, (self.view,), busy)
