"""Which deliveries are wanted, and which index finds them.

Owns the conditions of a filter, divided into those that an index serves and those that are judged row by row
(store.windows). States are spelt out: a partial index serves only a condition that is written like its own.
"""

from msgspec import Struct
from sqlalchemy import Connection, func, select

from tidings.core.ids import deliveries_of, id_floor
from tidings.core.instants import MILLISECOND, Instant
from tidings.core.model import State
from tidings.store import webhooks
from tidings.store.spelling import in_words
from tidings.store.tables import deliveries
from tidings.store.windows import Along, Condition


class DeliveryFilter(Struct, frozen=True, kw_only=True):
    """What to look for; ``since`` is inclusive, ``until`` is not."""

    partner: str | None = None
    webhook: str | None = None
    event: str | None = None
    event_type: str | None = None
    state: State | None = None
    since: Instant | None = None
    until: Instant | None = None


FEW = 20_000
"""So many open deliveries are found by their own small index and sorted; more are looked for window by window."""
_OPEN = frozenset({State.PENDING, State.IN_FLIGHT})
_RARE = frozenset({State.FAILED, State.CANCELLED})
"""States whose deliveries have an index of their own, ordered by id."""


def along_of(connection: Connection, wanted: DeliveryFilter) -> Along:
    """Return the index that a page of these deliveries walks."""
    served, judged = _by_owner(connection, wanted)
    served += _span(wanted)
    if wanted.event_type is not None:
        judged.append(deliveries.c.event_type == wanted.event_type)
    if wanted.state in _RARE:
        served.append(deliveries.c.state == in_words(wanted.state))
    elif wanted.state in _OPEN and _are_few(connection, wanted.state):
        # What is still open may be anywhere in the history: few are found by their own index and sorted.
        return Along(key=deliveries.c.id, served=[_among_the_open(wanted.state), *served, *judged])
    elif wanted.state is not None:
        judged.append(deliveries.c.state == in_words(wanted.state))
    return Along(key=deliveries.c.id, served=served, judged=judged)


def of_this_event(event: str) -> list[Condition]:
    """Return the conditions that find the deliveries of an event: there are none before it was made."""
    earliest, _ = deliveries_of(event)
    return [deliveries.c.event_id == event, deliveries.c.id >= earliest]


def _by_owner(connection: Connection, wanted: DeliveryFilter) -> tuple[list[Condition], list[Condition]]:
    exact = {deliveries.c.webhook_id: wanted.webhook, deliveries.c.partner_id: wanted.partner}
    conditions = [column == value for column, value in exact.items() if value is not None]
    if wanted.event is not None:
        # An event has few deliveries: whatever else is asked is asked of those.
        return [*of_this_event(wanted.event), *conditions], []
    if wanted.webhook is None:
        return conditions, []
    # There is no index of webhooks, but of partners: a webhook has one, and most partners have one webhook.
    return [deliveries.c.partner_id == (webhooks.owner_of(connection, wanted.webhook) or "")], conditions


def _span(wanted: DeliveryFilter) -> list[Condition]:
    # Ids carry their time in milliseconds, so a span of time is a span of the primary key, and then an exact one.
    span: list[Condition] = []
    if wanted.since is not None:
        span += [deliveries.c.id >= id_floor("dlv_", wanted.since), deliveries.c.created_at >= wanted.since]
    if wanted.until is not None:
        ceiling = id_floor("dlv_", wanted.until + MILLISECOND)
        span += [deliveries.c.id < ceiling, deliveries.c.created_at < wanted.until]
    return span


def _are_few(connection: Connection, state: State) -> bool:
    some = select(deliveries.c.id).where(deliveries.c.state == in_words(state)).limit(FEW + 1)
    return connection.execute(select(func.count()).select_from(some.subquery())).scalar_one() <= FEW


def _among_the_open(state: State) -> Condition:
    few = select(deliveries.c.id).where(deliveries.c.state == in_words(state)).cte("few").prefix_with("MATERIALIZED")
    return deliveries.c.id.in_(select(few.c.id))
