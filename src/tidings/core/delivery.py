"""Is that legal? The state machine of a delivery, as one table.

Owns every way in which a delivery may change state. The diagram in ``docs/state-machine.md`` is drawn from
``TRANSITIONS``, and a test compares every statement of the store that moves a delivery with it.
"""

from collections.abc import Sequence
from enum import StrEnum

from tidings.core.model import State
from tidings.core.outcome import Code
from tidings.core.verdict import Delivered, Failed, RetryAt, Verdict


class Move(StrEnum):
    """A change of state, named by what has happened."""

    QUEUED = "queued"
    HANDED_OVER = "handed_over"
    CLAIMED = "claimed"
    RELEASED = "released"
    SUCCEEDED = "succeeded"
    PUT_OFF = "put_off"
    GAVE_UP = "gave_up"
    LEASE_LOST = "lease_lost"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    CUT_OFF = "cut_off"


TRANSITIONS: dict[Move, tuple[State | None, State]] = {
    Move.QUEUED: (None, State.PENDING),
    Move.HANDED_OVER: (None, State.IN_FLIGHT),
    Move.CLAIMED: (State.PENDING, State.IN_FLIGHT),
    Move.RELEASED: (State.IN_FLIGHT, State.PENDING),
    Move.SUCCEEDED: (State.IN_FLIGHT, State.DELIVERED),
    Move.PUT_OFF: (State.IN_FLIGHT, State.PENDING),
    Move.GAVE_UP: (State.IN_FLIGHT, State.FAILED),
    Move.LEASE_LOST: (State.IN_FLIGHT, State.PENDING),
    Move.EXPIRED: (State.PENDING, State.FAILED),
    Move.WITHDRAWN: (State.PENDING, State.CANCELLED),
    Move.CUT_OFF: (State.IN_FLIGHT, State.CANCELLED),
}
"""From which state to which; ``None`` is "not there yet"."""

MEANINGS: dict[Move, str] = {
    Move.QUEUED: "published, and due at once",
    Move.HANDED_OVER: "published, and leased to the publishing process in the same transaction",
    Move.CLAIMED: "leased by a process; its attempt is on record",
    Move.RELEASED: "given back unsent when the process drained",
    Move.SUCCEEDED: "the receiver answered 2xx",
    Move.PUT_OFF: "the attempt failed and another one fits into the window",
    Move.GAVE_UP: "the attempt failed and no other may follow",
    Move.LEASE_LOST: "the lease ran out before a result was recorded; the attempt counts",
    Move.EXPIRED: "its window closed before the next attempt could start",
    Move.WITHDRAWN: "webhook or partner was disabled, or the webhook deleted",
    Move.CUT_OFF: "the attempt failed after webhook or partner was disabled, or the webhook deleted",
}

ENDED = frozenset({State.DELIVERED, State.FAILED, State.CANCELLED})
"""States that never change again (guarantee G3)."""

LEASES_LOST_AT_MOST = 5
"""A delivery that loses its lease this many times ends ``failed``: it may be what kills us (design.md section 3)."""

SUSPECT_AFTER = 2
"""A delivery that lost its lease this many times is sent apart from the others, until an attempt comes to an end."""


def is_suspect(outcomes: Sequence[str | None]) -> bool:
    """Return whether a delivery that waits after attempts with these outcomes may be what kills us."""
    return outcomes.count(Code.LEASE_LOST) >= SUSPECT_AFTER and outcomes[-1] == Code.LEASE_LOST


def move_after(verdict: Verdict, *, wanted: bool) -> Move:
    """Return how a delivery moves when its attempt was judged.

    ``wanted`` is False once webhook or partner was disabled or deleted: then an attempt that was in flight still
    counts when it arrived, and ends the delivery ``cancelled`` when it did not (contract.md section 7).
    """
    match verdict:
        case Delivered():
            return Move.SUCCEEDED
        case RetryAt() | Failed() if not wanted:
            return Move.CUT_OFF
        case RetryAt():
            return Move.PUT_OFF
        case Failed():  # pragma: no branch - the union is complete, and mypy checks it
            return Move.GAVE_UP


def move_after_lost_lease(*, leases_lost: int, window_open: bool, wanted: bool) -> Move:
    """Return how a delivery moves whose lease ran out; ``leases_lost`` counts the earlier ones."""
    if not wanted:
        return Move.CUT_OFF
    if leases_lost + 1 >= LEASES_LOST_AT_MOST or not window_open:
        return Move.GAVE_UP
    return Move.LEASE_LOST
