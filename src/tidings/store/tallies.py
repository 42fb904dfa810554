"""How many deliveries are in which state: kept up to date by the transactions that move them (guarantee G19).

Owns the rows that ``store.standing`` adds up. There are several, so that processes which commit at the same moment
rarely wait for each other; counting the deliveries themselves would cost more the longer the history is.
"""

from collections.abc import Mapping

from sqlalchemy import BigInteger, Connection, bindparam, update

from tidings.core.delivery import TRANSITIONS, Move
from tidings.core.model import State
from tidings.store.bookkeeping import TALLY_SHARDS, tallies

_ADD = (
    update(tallies)
    .where(tallies.c.shard == bindparam("of_shard", type_=BigInteger()))
    .values(
        {state.value: tallies.c[state.value] + bindparam(f"more_{state.value}", type_=BigInteger()) for state in State}
    )
)


def add(connection: Connection, moves: Mapping[Move, int], *, shard: int) -> None:
    """Count deliveries that moved. ``shard`` is any number: it chooses the row."""
    more = dict.fromkeys(State, 0)
    for move, count in moves.items():
        before, after = TRANSITIONS[move]
        more[after] += count
        if before is not None:
            more[before] -= count
    connection.execute(
        _ADD, {"of_shard": shard % TALLY_SHARDS} | {f"more_{state.value}": count for state, count in more.items()}
    )
