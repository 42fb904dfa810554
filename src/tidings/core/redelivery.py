"""Sending many again: what is wanted, how far it has come, and how fast it goes.

Owns the shape of a redelivery and the arithmetic of its rate. What is left out is decided where the deliveries are
(store.selection).
"""

from enum import StrEnum

from msgspec import Struct

from tidings.core.instants import SECOND, Instant
from tidings.core.model import State

MOST_PER_SECOND = 10_000
USUAL_PER_SECOND = 100
MOST_AT_ONCE = 200
"""Deliveries that one transaction makes."""
_BATCHES_PER_SECOND = 5


class RedeliveryState(StrEnum):
    """Where a redelivery stands."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class Selection(Struct, frozen=True, kw_only=True):
    """Which ended deliveries are wanted; ``since`` and ``until`` are about when they were created."""

    partner: str | None = None
    webhook: str | None = None
    event_type: str | None = None
    state: State = State.FAILED
    since: Instant | None = None
    until: Instant | None = None


class Redelivery(Struct, frozen=True, kw_only=True):
    """One job. It looks at deliveries by age, the oldest first, up to ``up_to`` and no further.

    ``total`` is how many it had to look at when it was asked for; None when they were too many to count. ``made`` were
    sent again, ``left_out`` had been before, ``refused`` could not be: their webhook is gone or disabled.
    """

    id: str
    selection: Selection
    rate: int
    state: RedeliveryState
    total: int | None
    made: int
    left_out: int
    refused: int
    created_at: Instant
    due_at: Instant
    finished_at: Instant | None
    up_to: str
    cursor: str


def quota(rate: int) -> int:
    """Return how many deliveries one transaction may make, so that a second has several of them."""
    return max(1, min(MOST_AT_ONCE, rate // _BATCHES_PER_SECOND))


def next_due(due_at: Instant, *, made: int, rate: int, now: Instant) -> Instant:
    """Return when the next deliveries are due after ``made`` at ``rate`` a second. A second at most is made up for."""
    return max(due_at, now - SECOND) + made * SECOND // rate
