"""Watching attempts end, those of all processes, as they end.

Owns how the journal is watched: who listens asks for what is new every quarter of a second, and is told when it came
too late to hear everything. Keeps nothing for anybody: whoever does not ask costs nothing.
"""

from collections.abc import Sequence
from enum import StrEnum
from functools import partial

from msgspec import Struct

from tidings.actions.context import Context
from tidings.core.instants import Instant, Span
from tidings.core.model import State
from tidings.core.outcome import Code
from tidings.store import journal
from tidings.store.journal import EndedEntry, Page
from tidings.store.statistics import HOLD

PERIOD_S = 0.25
"""How often whoever listens asks."""
_MOST_KNOWN = 2000
_MOST_PAGES = 200
"""Rows of the journal that are read at once; one holds the attempts of one commit."""
_MOST_HEARD = 2000
"""Attempts that are told at once: more than anybody can follow."""


class Ending(StrEnum):
    """How an attempt ended, in a word."""

    OK = "ok"
    FAILED = "failed"


class EndedFilter(Struct, frozen=True, kw_only=True):
    """Which attempts are wanted; ``state`` is what their delivery was in afterwards."""

    partner: str | None = None
    webhook: str | None = None
    event_type: str | None = None
    ending: Ending | None = None
    state: State | None = None


class Heard(Struct, frozen=True):
    """Attempts that ended since the last time, oldest commit first; not all of them when some were ``missed``."""

    attempts: list[EndedEntry]
    missed: bool


class Listener:
    """Hears what ends from its first ``hear`` on, and of what ended between two of them at most the last ``most``."""

    def __init__(self, ctx: Context, wanted: EndedFilter, *, most: int = _MOST_HEARD) -> None:
        self._ctx = ctx
        self._wanted = wanted
        self._most = most
        self._known: set[tuple[int, Instant]] | None = None
        self._asked_at: Span = 0

    async def hear(self) -> Heard:
        """Return what is new. Raises Unavailable; ask again later."""
        # Rows may be committed in another order than they were numbered: what is new is what was not there before.
        there = await self._ctx.store.read(partial(journal.newest, limit=_MOST_KNOWN))
        known, self._known = self._known, set(there)
        late = self._is_late()
        if known is None:
            return Heard([], missed=False)
        fresh = [number for number, at in there if (number, at) not in known]
        pages = await self._ctx.store.read(partial(journal.pages, ids=fresh[:_MOST_PAGES])) if fresh else []
        attempts = self._newest(pages)
        return Heard(attempts[-self._most :], late or len(fresh) > _MOST_PAGES or len(attempts) > self._most)

    def _is_late(self) -> bool:
        """Tell whether rows may have come and gone since the last time."""
        before, self._asked_at = self._asked_at, self._ctx.clock.monotonic()
        return self._asked_at - before > HOLD

    def _newest(self, pages: Sequence[Page]) -> list[EndedEntry]:
        """Return what is wanted of the newest ``pages``, oldest first, and read no more of them than that takes."""
        found: list[EndedEntry] = []
        for page in reversed(pages):
            found += [entry for entry in reversed(page.entries().ended) if _matches(entry, self._wanted)]
            if len(found) > self._most:
                break
        return found[::-1]


def _matches(entry: EndedEntry, wanted: EndedFilter) -> bool:
    return (
        wanted.partner in {None, entry.partner}
        and wanted.webhook in {None, entry.webhook}
        and wanted.event_type in {None, entry.event_type}
        and wanted.state in {None, entry.state}
        and wanted.ending in {None, _ending(entry)}
    )


def _ending(entry: EndedEntry) -> Ending:
    return Ending.OK if entry.outcome == Code.OK else Ending.FAILED


__all__ = ["PERIOD_S", "EndedEntry", "EndedFilter", "Ending", "Heard", "Listener"]
