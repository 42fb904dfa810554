"""A past that is older than is kept: what the pruner has to remove while it is killed.

Owns how old it is. It is not tallied, so that the tallies must equal what is left when all of it is gone.
"""

from bench.filling import Rows, begin_in_the_past, fill, fill_keys
from chaos import database
from tidings.core.instants import SECOND
from tidings.core.retention import Retention

_HOUR = 3600 * SECOND
_RETENTION = Retention(events=_HOUR, deliveries=_HOUR, attempts=_HOUR)
_BEGIN, _END = 12 * _HOUR, 3 * _HOUR
_LEFT = (
    'SELECT (SELECT count(*) FROM events WHERE payload LIKE \'%"marker":"history"%\')'
    " + (SELECT count(*) FROM idempotency_keys WHERE partner_id = 'filled')"
    " + (SELECT count(*) FROM deliveries WHERE partner_id = 'filled')"
)


def give(url: str, count: int, *, now: int) -> None:
    """Put in ``count`` deliveries, each with event and attempt, in the partitions of their hours."""
    begin_in_the_past(url, now - _BEGIN, _RETENTION)
    webhooks = [("filled", "WHFILL-FILLE-FILLED")]
    fill(url, Rows(count=count, begin=now - _BEGIN, end=now - _END, webhooks=webhooks, tallied=False))


def give_keys(url: str, count: int, *, now: int) -> None:
    fill_keys(url, count, at=now - _BEGIN)


def count(url: str) -> int:
    """Count what is left of it."""
    ((rows,),) = database.rows(url, _LEFT)
    return int(rows)
