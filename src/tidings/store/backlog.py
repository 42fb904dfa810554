"""How many deliveries waited, over time: for each minute in which somebody looked, and for its hour, the most.

Owns the rows. A bucket without a row is one in which no process ran: nobody knows how much waited. Kept for as long as
the other statistics.
"""

from msgspec import Struct
from sqlalchemy import BigInteger, Connection, case, delete, func, or_, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from tidings.core.instants import Instant, Span
from tidings.store.bookkeeping import backlog
from tidings.store.dialects import try_to_be_the_one
from tidings.store.due_lanes import every_lane
from tidings.store.rows import given_for
from tidings.store.statistics import KEPT, SPANS, Resolution


class Height(Struct, frozen=True, kw_only=True):
    """How high the backlog stood: the most that was pending at once, and the longest that something was overdue."""

    pending: int
    overdue: Span

    def or_higher(self, other: "Height | None") -> "Height":
        """Return the higher of each."""
        if other is None:
            return self
        return Height(pending=max(self.pending, other.pending), overdue=max(self.overdue, other.overdue))


_KEYS = ("resolution", "bucket_at")
_HEIGHTS = ("most_pending", "longest_overdue")
_given = given_for(backlog, (*_KEYS, *_HEIGHTS))


def _raising(insert: type[sqlite.Insert] | type[postgresql.Insert]) -> Insert:
    rows = select(*_given.columns()).select_from(_given.source).where(true())
    statement = insert(backlog).from_select([*_KEYS, *_HEIGHTS], rows)
    higher = {name: getattr(statement.excluded, name) > backlog.c[name] for name in _HEIGHTS}
    highest = {name: case((higher[name], getattr(statement.excluded, name)), else_=backlog.c[name]) for name in higher}
    return statement.on_conflict_do_update(index_elements=list(_KEYS), set_=highest, where=or_(*higher.values()))


_RAISE = {"sqlite": _raising(sqlite.Insert), "postgresql": _raising(postgresql.Insert)}
_FIRST_DUE = select(func.min(every_lane().subquery("lanes").c.due_at, type_=BigInteger()))
_THE_ONE = 0x7469_6462_6C67


def first_due_at(connection: Connection) -> Instant | None:
    """Return when the first of all that waits is due; None when nothing waits."""
    found: Instant | None = connection.execute(_FIRST_DUE).scalar()
    return found


def note(connection: Connection, minute: Instant, height: Height) -> bool:
    """Write down how high it stood in ``minute``, unless it is known to have stood higher, and forget what is too old.

    Return False, having done nothing, when another process does so at this moment: none waits for another here, since
    they share transactions with what deliveries need.
    """
    if not try_to_be_the_one(connection, _THE_ONE):
        return False
    rows = [
        (resolution.value, minute - minute % span, height.pending, height.overdue) for resolution, span in SPANS.items()
    ]
    connection.execute(_RAISE[connection.dialect.name], _given.bind(rows))
    for resolution, kept in KEPT.items():
        connection.execute(
            delete(backlog).where(backlog.c.resolution == resolution.value, backlog.c.bucket_at < minute - kept)
        )
    return True


def between(connection: Connection, resolution: Resolution, since: Instant, until: Instant) -> dict[Instant, Height]:
    """Return how high it stood in each bucket from ``since`` on and before ``until`` in which somebody looked."""
    statement = select(backlog.c.bucket_at, backlog.c.most_pending, backlog.c.longest_overdue).where(
        backlog.c.resolution == resolution.value, backlog.c.bucket_at >= since, backlog.c.bucket_at < until
    )
    return {row[0]: Height(pending=row[1], overdue=row[2]) for row in connection.execute(statement)}
