"""How things stand at one moment: what a scrape asks of the database and of the engine.

Owns the two values. Refuses to know how either is found out.
"""

from collections.abc import Mapping

from msgspec import Struct

from tidings.core.instants import Instant
from tidings.core.model import State


class Standing(Struct, frozen=True, kw_only=True):
    """What the database says, all of one moment and of all processes together.

    ``tallied`` is kept by whoever moves deliveries; ``found`` are the rows that are really there, of the states that
    can be counted without reading history; a state that has too many of them is left out.
    Of ``suspects`` no more are counted than a scrape may cost.
    """

    tallied: Mapping[State, int]
    found: Mapping[State, int]
    lanes: int
    suspects: int
    oldest_due_at: Instant | None
    oldest_lease_until: Instant | None
    processes: int

    @property
    def fan_out(self) -> int:
        """All deliveries that were ever made."""
        return sum(self.tallied.values())

    @property
    def unaccounted(self) -> int:
        """By how many deliveries the tallies differ from what is there: anything but 0 breaks guarantee G19."""
        return sum(self.tallied.get(state, 0) - count for state, count in self.found.items())


class Load(Struct, frozen=True, kw_only=True):
    """What this process's engine is doing."""

    slots: int
    in_flight: int
    in_flight_apart: int
    unsettled: int
    lanes_in_flight: int
    lanes_known: int
    lanes_doubtful: int
