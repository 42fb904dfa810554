"""How things stand: one question that a scrape may ask at any time, whatever the backlog and the history.

Owns the comparison of what is tallied with what is there (guarantee G19). All of it is one statement, so that it is of
one moment on both databases; every part of it looks at an index that holds only what waits or is in flight.
"""

from collections.abc import Mapping

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    case,
    func,
    literal_column,
    select,
    true,
)

from tidings.core.instants import Instant, Span
from tidings.core.model import State
from tidings.store.bookkeeping import processes, tallies
from tidings.store.due_lanes import every_lane
from tidings.store.spelling import in_words, suspected
from tidings.store.tables import deliveries
from tidings.telemetry.standing import Standing

MOST_PENDING = 10_000
MOST_IN_FLIGHT = 100_000
MOST_SUSPECTS = 1_000
_SILENCE: Span = 10 * 1_000_000
"""A process that was not heard of for so long is not shown any more."""
_MOST: Mapping[State, int] = {State.PENDING: MOST_PENDING, State.IN_FLIGHT: MOST_IN_FLIGHT}


_lanes = every_lane().subquery("lanes")
_oldest_lease = (
    select(deliveries.c.lease_until)
    .where(deliveries.c.state == in_words(State.IN_FLIGHT))
    .order_by(deliveries.c.lease_until)
    .limit(literal_column("1", BigInteger()))
    .scalar_subquery()
)
_sums = select(*(func.sum(tallies.c[state.value]).label(state.value) for state in State)).subquery("sums")


def _rows(state: State, along: ColumnElement[object]) -> ColumnElement[int]:
    # Not even begun when the tally says that there are too many: PostgreSQL, when its statistics are old, would read
    # all of them to sort them. Along the index, so that SQLite takes it.
    some = (
        select(literal_column("1", BigInteger()).label("one"))
        .select_from(deliveries)
        .where(deliveries.c.state == in_words(state))
        .order_by(along)
        .limit(literal_column(str(_MOST[state] + 1), BigInteger()))
        .subquery()
    )
    count = select(func.count()).select_from(some).scalar_subquery()
    return case((_sums.c[state.value] <= _MOST[state], count))


_some_suspects = (
    select(literal_column("1", BigInteger()).label("one"))
    .select_from(deliveries)
    .where(deliveries.c.state == in_words(State.PENDING), suspected(deliveries))
    .limit(literal_column(str(MOST_SUSPECTS), BigInteger()))
    .subquery()
)
# In one pass: where ten thousand webhooks wait, their lanes are most of the work.
_waiting = select(func.count().label("lanes"), func.min(_lanes.c.due_at).label("oldest_due_at")).select_from(_lanes)
_waits = _waiting.subquery("waits")
_STANDING = select(
    *_sums.c,
    *_waits.c,
    _rows(State.PENDING, deliveries.c.webhook_id).label("pending_rows"),
    _rows(State.IN_FLIGHT, deliveries.c.lease_until).label("in_flight_rows"),
    select(func.count()).select_from(_some_suspects).scalar_subquery().label("suspects"),
    _oldest_lease.label("oldest_lease_until"),
    select(func.count())
    .select_from(processes)
    .where(processes.c.seen_at >= bindparam("heard_since", type_=BigInteger()))
    .scalar_subquery()
    .label("processes"),
).select_from(_sums.join(_waits, true()))


def read(connection: Connection, *, now: Instant) -> Standing:
    """Return how things stand."""
    row = connection.execute(_STANDING, {"heard_since": now - _SILENCE}).one()
    found = {State.PENDING: row.pending_rows, State.IN_FLIGHT: row.in_flight_rows}
    return Standing(
        tallied={state: int(getattr(row, state.value)) for state in State},
        found={state: count for state, count in found.items() if count is not None and count <= _MOST[state]},
        lanes=row.lanes,
        suspects=row.suspects,
        oldest_due_at=row.oldest_due_at,
        oldest_lease_until=row.oldest_lease_until,
        processes=row.processes,
    )
