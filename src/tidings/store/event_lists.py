"""Pages of events, newest first, without their payloads: those may be large, and a list is for finding."""

from enum import StrEnum
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, select

from tidings.core.ids import id_floor
from tidings.core.instants import MILLISECOND, Instant
from tidings.core.model import EventSummary, Unrouted
from tidings.store.tables import events, idempotency_keys
from tidings.store.windows import Along, Condition, Slice
from tidings.store.windows import page as page_along


class UnroutedBy(StrEnum):
    """Which of the events that matched no webhook are wanted: those of one reason, or of any."""

    ANY = "any"
    NO_WEBHOOK = Unrouted.NO_WEBHOOK.value
    DISABLED = Unrouted.DISABLED.value
    NOT_SUBSCRIBED = Unrouted.NOT_SUBSCRIBED.value
    PARTNER_DISABLED = Unrouted.PARTNER_DISABLED.value


class EventFilter(Struct, frozen=True, kw_only=True):
    """What to look for; ``since`` is inclusive, ``until`` is not. An idempotency key is looked for in its partner's."""

    partner: str | None = None
    event_type: str | None = None
    unrouted: UnroutedBy | None = None
    idempotency_key: str | None = None
    since: Instant | None = None
    until: Instant | None = None


_SUMMARIES = select(*(column for column in events.c if column.name != "payload"))


def page(connection: Connection, wanted: EventFilter, *, before: str | None, limit: int) -> Slice[EventSummary]:
    """Return at most ``limit`` events, newest first, older than the event ``before``."""
    found = page_along(connection, _SUMMARIES, _along(wanted), before=before, limit=limit)
    return Slice([_summary(row) for row in found.rows], found.goes_on)


def _along(wanted: EventFilter) -> Along:
    served = _span(wanted)
    judged: list[Condition] = []
    if wanted.partner is not None:
        served.append(events.c.partner_id == wanted.partner)
    if wanted.idempotency_key is not None:
        served.append(events.c.id == _keyed(wanted.partner, wanted.idempotency_key))
    if wanted.unrouted is not None:
        served.append(events.c.unrouted.is_not(None))
    if wanted.unrouted not in {None, UnroutedBy.ANY}:
        judged.append(events.c.unrouted == wanted.unrouted)
    if wanted.event_type is not None:
        judged.append(events.c.event_type == wanted.event_type)
    return Along(key=events.c.id, served=served, judged=judged)


def _keyed(partner: str | None, key: str) -> Any:  # noqa: ANN401 - a scalar subquery is typed by its column
    of_partner = (idempotency_keys.c.partner_id == (partner or ""), idempotency_keys.c.key == key)
    return select(idempotency_keys.c.event_id).where(*of_partner).scalar_subquery()


def _span(wanted: EventFilter) -> list[Condition]:
    # As with deliveries, the time in the id bounds the search, and the column decides.
    span: list[Condition] = []
    if wanted.since is not None:
        span += [events.c.id >= id_floor("evt_", wanted.since), events.c.created_at >= wanted.since]
    if wanted.until is not None:
        span += [events.c.id < id_floor("evt_", wanted.until + MILLISECOND), events.c.created_at < wanted.until]
    return span


def _summary(row: Row[Any]) -> EventSummary:
    return EventSummary(
        id=row.id,
        partner=row.partner_id,
        event_type=row.event_type,
        idempotency_key=row.idempotency_key,
        unrouted=None if row.unrouted is None else Unrouted(row.unrouted),
        created_at=row.created_at,
    )
