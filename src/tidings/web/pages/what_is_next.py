"""What happens next to a delivery, as ``next.html`` tells it to operators and partners alike."""

from collections.abc import Sequence

from msgspec import Struct

from tidings.core.delivery import is_suspect
from tidings.core.instants import Instant
from tidings.core.model import Attempt, Delivery
from tidings.core.retry import Schedule


class Next(Struct, frozen=True):
    """``last_start`` is until when another attempt may start; None before the first one and after the end.

    ``goes_apart`` is whether the next attempt is made apart from all others (docs/decisions/0016).
    """

    last_start: Instant | None
    goes_apart: bool


def what_is_next(delivery: Delivery, attempts: Sequence[Attempt], schedule: Schedule) -> Next:
    """Return what happens next, when these are the attempts so far."""
    if delivery.finished_at is not None or not attempts:
        return Next(last_start=None, goes_apart=False)
    last_start = schedule.last_start(attempts[0].started_at)
    return Next(last_start, goes_apart=is_suspect([attempt.outcome for attempt in attempts]))
