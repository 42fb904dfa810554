"""What waits for a few webhooks now.

Owns the bound: however much waits, no more than ``MOST`` rows of the index of what waits are counted.
"""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import BigInteger, Connection, Text, bindparam, func, select

from tidings.core.instants import Instant
from tidings.core.model import State
from tidings.store.spelling import in_words
from tidings.store.tables import deliveries

MOST = 1000


class Waiting(Struct, frozen=True, kw_only=True):
    """How many deliveries wait, of more than ``MOST`` only that there are more, and when the first is due, if any."""

    count: int
    is_more: bool
    first_due_at: Instant | None


# One webhook at a time and along its index, so that no database thinks of sorting or of reading all that waits.
_some = (
    select(deliveries.c.due_at)
    .where(
        deliveries.c.webhook_id == bindparam("webhook", type_=Text()),
        deliveries.c.state == in_words(State.PENDING),
    )
    .order_by(deliveries.c.due_at)
    .limit(bindparam("most", type_=BigInteger()))
    .subquery()
)
_WAITING = select(func.count(), func.min(_some.c.due_at)).select_from(_some)


def of_webhooks(connection: Connection, names: Sequence[str]) -> Waiting:
    """Return what waits for these webhooks, all together."""
    count, first_due = 0, list[Instant]()
    for name in names:
        # At least one, since the first of each is looked for.
        most = max(1, MOST + 1 - count)
        found, due_at = connection.execute(_WAITING, {"webhook": name, "most": most}).one()
        count += found
        first_due += [due_at] if found else []
    return Waiting(count=min(count, MOST), is_more=count > MOST, first_due_at=min(first_due, default=None))


__all__ = ["MOST", "Waiting", "of_webhooks"]
