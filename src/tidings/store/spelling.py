"""How a delivery's state is spelled in statements, so that each is served by the index that is meant for it.

A partial index serves a condition that has its words, and no other.
"""

from sqlalchemy import ColumnElement, FromClause, Integer, String, and_, func, literal_column, or_

from tidings.core.delivery import SUSPECT_AFTER
from tidings.core.model import State
from tidings.core.outcome import Code

_LOST: ColumnElement[str] = literal_column(f"'{Code.LEASE_LOST.value}'", String(32))
_ENOUGH: ColumnElement[int] = literal_column(str(SUSPECT_AFTER), Integer())

SUSPECTED = f"leases_lost >= {_ENOUGH} AND last_outcome = {_LOST}"
"""What a pending delivery that may be what kills us is known by."""


def suspected(table: FromClause) -> ColumnElement[bool]:
    """Return ``SUSPECTED`` of the rows of ``table``."""
    return and_(table.c.leases_lost >= _ENOUGH, table.c.last_outcome == _LOST)


def unsuspected(table: FromClause) -> ColumnElement[bool]:
    """Return the opposite of ``SUSPECTED``; every row is one or the other."""
    outcome = func.coalesce(table.c.last_outcome, literal_column("''", String(32)))
    return or_(table.c.leases_lost < _ENOUGH, outcome != _LOST)


def in_words(state: State) -> ColumnElement[str]:
    """Return a state as it is written in the conditions of the partial indexes."""
    return literal_column(f"'{state.value}'", String(16))


def unlike_an_index(column: ColumnElement[str]) -> ColumnElement[str]:
    """Return a column spelled unlike any index: a state, where deliveries are looked for by id, or a lane.

    PostgreSQL counts rows now and then, and may believe that next to nothing waits. Then it would read all that waits
    to find the few that are named.
    """
    return column.concat(literal_column("''"))
