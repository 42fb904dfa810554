"""Lists find what is asked for, newest first, and look at a bounded number of rows for each page."""

from functools import partial
from typing import Any, Protocol

import pytest
from sqlalchemy import Connection

from support.stepped_clock import START
from support.stored import WEBHOOK, add_delivery, add_event, add_leased_delivery, add_partner, add_webhook
from tidings.core.ids import id_floor
from tidings.core.instants import SECOND
from tidings.core.model import Delivery, EventSummary, State, Unrouted
from tidings.store import browsing, delivery_filter, event_lists, windows
from tidings.store.database import Database
from tidings.store.delivery_filter import DeliveryFilter
from tidings.store.event_lists import EventFilter, UnroutedBy
from tidings.store.events import NewKey, insert_keys
from tidings.store.windows import Slice

OTHER = "WHBBBBBB-BBBBB-BBBBBB"
SMALL = 5


@pytest.fixture(autouse=True)
def _small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "WINDOW", SMALL)
    monkeypatch.setattr(delivery_filter, "FEW", SMALL)


def at(prefix: str, second: int) -> dict[str, object]:
    """Return id and moment of something made at that second."""
    moment = START + second * SECOND
    return {"id": id_floor(prefix, moment), "created_at": moment}


def house(connection: Connection) -> None:
    for name, webhook in (("acme", WEBHOOK), ("other", OTHER)):
        add_partner(connection, name)
        add_webhook(connection, webhook, partner=name)


def history(connection: Connection) -> None:
    """Write 30 deliveries: each third is the other partner's, each tenth failed, and the two oldest wait."""
    house(connection)
    for second in range(30):
        state = State.FAILED if second % 10 == 9 else State.DELIVERED
        add_delivery(
            connection,
            **at("dlv_", second),
            state=State.PENDING if second < 2 else state,
            partner_id="other" if second % 3 == 0 else "acme",
            webhook_id=OTHER if second % 3 == 0 else WEBHOOK,
            event_id=f"evt_{second // 2}",
            event_type="user.closed" if second == 4 else "user.verified",
        )


class Ask(Protocol):
    """Asks for a page of some list."""

    def __call__(self, connection: Connection, /, before: str | None) -> Slice[Any]: ...


async def pages(database: Database, ask: Ask) -> list[list[int]]:
    """Return the seconds of what each page held, until there are no more pages."""
    found: list[list[int]] = []
    cursor: str | None = None
    while not found or cursor is not None:
        one = await database.read(partial(ask, before=cursor))
        found.append([(row.created_at - START) // SECOND for row in one.rows])
        cursor = one.goes_on
    return found


async def deliveries(database: Database, wanted: DeliveryFilter) -> list[list[int]]:
    def ask(connection: Connection, before: str | None) -> Slice[Delivery]:
        return browsing.page(connection, wanted, before=before, limit=4)

    return await pages(database, ask)


async def events(database: Database, wanted: EventFilter) -> list[list[int]]:
    def ask(connection: Connection, before: str | None) -> Slice[EventSummary]:
        return event_lists.page(connection, wanted, before=before, limit=4)

    return await pages(database, ask)


WANTED: dict[str, tuple[DeliveryFilter, list[int]]] = {
    "everything": (DeliveryFilter(), list(range(29, -1, -1))),
    "a partner's": (DeliveryFilter(partner="other"), list(range(27, -1, -3))),
    "a webhook's": (DeliveryFilter(webhook=OTHER), list(range(27, -1, -3))),
    "of a webhook that is not there": (DeliveryFilter(webhook="WHNONE"), []),
    "of a webhook that is another's": (DeliveryFilter(webhook=OTHER, partner="acme"), []),
    "failed": (DeliveryFilter(state=State.FAILED), [29, 19, 9]),
    "a partner's that failed": (DeliveryFilter(state=State.FAILED, partner="other"), [9]),
    "cancelled": (DeliveryFilter(state=State.CANCELLED), []),
    "waiting": (DeliveryFilter(state=State.PENDING), [1, 0]),
    "a partner's that wait": (DeliveryFilter(state=State.PENDING, partner="acme"), [1]),
    "in flight": (DeliveryFilter(state=State.IN_FLIGHT), []),
    "delivered": (DeliveryFilter(state=State.DELIVERED, partner="other"), [27, 24, 21, 18, 15, 12, 6, 3]),
    "of a rare type": (DeliveryFilter(event_type="user.closed"), [4]),
    "of an event": (DeliveryFilter(event="evt_7"), [15, 14]),
    "of an event and a webhook": (DeliveryFilter(event="evt_7", webhook=WEBHOOK), [14]),
    "a span of time": (DeliveryFilter(since=START + 7 * SECOND, until=START + 10 * SECOND), [9, 8, 7]),
}


@pytest.mark.parametrize("title", WANTED)
async def test_all_pages_together_hold_exactly_what_is_wanted(database: Database, title: str) -> None:
    wanted, expected = WANTED[title]
    await database.write(history)

    found = await deliveries(database, wanted)

    assert [second for page in found for second in page] == expected
    assert all(len(page) <= 4 for page in found)


async def test_a_page_whose_window_holds_nothing_is_empty_and_says_where_to_go_on(database: Database) -> None:
    await database.write(history)

    found = await deliveries(database, DeliveryFilter(event_type="user.closed"))

    assert found == [[], [], [], [], [], [4]]


async def test_the_few_that_wait_are_found_at_once_wherever_they_are(database: Database) -> None:
    await database.write(history)

    assert await deliveries(database, DeliveryFilter(state=State.PENDING)) == [[1, 0]]


async def test_many_that_wait_are_found_window_by_window(database: Database) -> None:
    def many(connection: Connection) -> None:
        house(connection)
        for second in range(8):
            add_delivery(connection, **at("dlv_", second))
        add_leased_delivery(connection, "token", **at("dlv_", 8))

    await database.write(many)

    assert await deliveries(database, DeliveryFilter(state=State.PENDING)) == [[7, 6, 5, 4], [3, 2, 1, 0]]
    assert await deliveries(database, DeliveryFilter(state=State.IN_FLIGHT)) == [[8]]


def published(connection: Connection) -> None:
    """Write 12 events: each third got nowhere."""
    for second in range(12):
        reason = Unrouted.DISABLED if second else Unrouted.NO_WEBHOOK
        add_event(
            connection,
            **at("evt_", second),
            partner_id="other" if second % 2 else "acme",
            unrouted=reason if second % 3 == 0 else None,
            event_type="user.closed" if second == 1 else "user.verified",
            idempotency_key="k" if second == 5 else None,
        )
    key = NewKey(
        partner_id="other", key="k", event_id=str(at("evt_", 5)["id"]), digest="0", created_at=START + 5 * SECOND
    )
    insert_keys(connection, [key])


EVENTS: dict[str, tuple[EventFilter, list[int]]] = {
    "everything": (EventFilter(), list(range(11, -1, -1))),
    "a partner's": (EventFilter(partner="other"), [11, 9, 7, 5, 3, 1]),
    "of a rare type": (EventFilter(event_type="user.closed"), [1]),
    "unrouted": (EventFilter(unrouted=UnroutedBy.ANY), [9, 6, 3, 0]),
    "unrouted for a reason": (EventFilter(unrouted=UnroutedBy.NO_WEBHOOK), [0]),
    "a partner's unrouted": (EventFilter(unrouted=UnroutedBy.ANY, partner="acme"), [6, 0]),
    "by its key": (EventFilter(partner="other", idempotency_key="k"), [5]),
    "by another's key": (EventFilter(partner="acme", idempotency_key="k"), []),
    "a span of time": (EventFilter(since=START + 2 * SECOND, until=START + 4 * SECOND), [3, 2]),
}


@pytest.mark.parametrize("title", EVENTS)
async def test_events_are_listed_by_what_is_asked(database: Database, title: str) -> None:
    wanted, expected = EVENTS[title]
    await database.write(published)

    found = await events(database, wanted)

    assert [second for page in found for second in page] == expected
