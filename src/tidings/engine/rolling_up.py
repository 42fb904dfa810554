"""Adding up: the journal becomes statistics, a bounded number of its rows in each transaction.

Owns the work; where several processes run it, one of them finds something to do at a time.
"""

from collections.abc import Sequence

from tidings.actions.context import Context
from tidings.store import statistics
from tidings.store.transaction import Transaction


def roll_up_all(transaction: Transaction, asked: Sequence[Context]) -> list[bool]:
    """Add up once; a work for the group commit. Tell each who asked whether there may be more to do at once."""
    counted = statistics.roll_up(transaction.connection, now=asked[0].clock.now())
    return [counted >= statistics.AT_ONCE] * len(asked)
