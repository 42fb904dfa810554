"""Which deliveries are sent again, and which are left out since they have been already."""

import itertools
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from support.stepped_clock import START
from support.stored import WEBHOOK, add_delivery, add_partner, add_webhook
from tidings.core.ids import id_floor
from tidings.core.instants import SECOND
from tidings.core.model import State
from tidings.core.redelivery import Selection
from tidings.store import schema, selection, windows
from tidings.store.database import Database
from tidings.store.sqlite import SqliteDatabase

OTHER = "WHBBBBBB-BBBBB-BBBBBB"
P, F, D, C, I = State.PENDING, State.FAILED, State.DELIVERED, State.CANCELLED, State.IN_FLIGHT  # noqa: E741
UP_TO = 100


def name(second: int) -> str:
    return id_floor("dlv_", START + second * SECOND)


def add(connection: Connection, second: int, state: State, event: str = "evt_1", **more: object) -> None:
    moment = START + second * SECOND
    add_delivery(connection, id=name(second), created_at=moment, state=state, event_id=event, **more)


def house(connection: Connection) -> None:
    for partner, webhook in (("acme", WEBHOOK), ("other", OTHER)):
        add_partner(connection, partner)
        add_webhook(connection, webhook, partner=partner)


async def found(database: Database, wanted: Selection) -> tuple[list[int], list[int]]:
    """Return the seconds of those that are to be sent again, and of those that are left out."""

    def ask(connection: Connection) -> tuple[list[int], list[int]]:
        stretch = selection.stretch(connection, wanted, behind="", up_to=name(UP_TO))
        seconds = {name(second): second for second in range(UP_TO)}
        again = [seconds[one.id] for one in stretch.candidates if not one.left_out]
        return again, [seconds[one.id] for one in stretch.candidates if one.left_out]

    return await database.write(ask)


CHAINS: dict[str, tuple[list[State], list[int], list[int]]] = {
    "never sent again": ([F], [0], []),
    "its redelivery waits": ([F, P], [], [0]),
    "its redelivery is in flight": ([F, I], [], [0]),
    "its redelivery arrived": ([F, D], [], [0]),
    "its redelivery failed too": ([F, F], [1], [0]),
    "its redelivery was cancelled": ([F, C], [0], []),
    "the third of them arrived": ([F, F, D], [], [0, 1]),
    "the third of them failed": ([F, F, F], [2], [0, 1]),
}


@pytest.mark.parametrize("title", CHAINS)
async def test_an_event_is_sent_again_once_however_long_its_chain_is(database: Database, title: str) -> None:
    states, again, left_out = CHAINS[title]

    def chain(connection: Connection) -> None:
        house(connection)
        for second, state in enumerate(states):
            add(connection, second, state, redelivery_of=name(second - 1) if second else None)

    await database.write(chain)

    assert await found(database, Selection()) == (again, left_out)


async def test_a_failed_redelivery_that_is_not_selected_stands_for_nothing(database: Database) -> None:
    def chain(connection: Connection) -> None:
        house(connection)
        add(connection, 0, F)
        add(connection, 50, F)
        add(connection, UP_TO + 1, F)

    await database.write(chain)

    assert await found(database, Selection(until=START + 50 * SECOND)) == ([0], [])
    assert await found(database, Selection()) == ([50], [0])


async def test_another_webhooks_delivery_of_the_event_stands_for_nothing(database: Database) -> None:
    def two(connection: Connection) -> None:
        house(connection)
        add(connection, 0, F)
        add(connection, 1, D, webhook_id=OTHER, partner_id="other")

    await database.write(two)

    assert await found(database, Selection()) == ([0], [])


def mixed(connection: Connection) -> None:
    house(connection)
    add(connection, 0, F, "evt_0")
    add(connection, 1, F, "evt_1", partner_id="other", webhook_id=OTHER)
    add(connection, 2, D, "evt_2")
    add(connection, 3, C, "evt_3")
    add(connection, 4, F, "evt_4", event_type="user.closed")
    add(connection, 5, P, "evt_5")
    add(connection, UP_TO, F, "evt_6")


SELECTED: dict[str, tuple[Selection, list[int]]] = {
    "all that failed": (Selection(), [0, 1, 4]),
    "a partner's": (Selection(partner="acme"), [0, 4]),
    "a webhook's": (Selection(webhook=OTHER), [1]),
    "of a type": (Selection(event_type="user.closed"), [4]),
    "cancelled": (Selection(state=C), [3]),
    "delivered": (Selection(state=D), [2]),
    "of a span": (Selection(since=START + SECOND, until=START + 4 * SECOND), [1]),
}


@pytest.mark.parametrize("title", SELECTED)
async def test_what_is_asked_for_is_selected_the_oldest_first(database: Database, title: str) -> None:
    wanted, expected = SELECTED[title]
    await database.write(mixed)

    assert await found(database, wanted) == (expected, [])


@pytest.mark.parametrize("window", [1, 2, 3, 100])
async def test_all_stretches_together_hold_everything_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, window: int
) -> None:
    monkeypatch.setattr(selection, "WINDOW", window)
    monkeypatch.setattr(selection, "STRIDE", window)
    monkeypatch.setattr(windows, "WINDOW", window)
    monkeypatch.setattr(selection, "AT_ONCE", 2)
    await database.write(mixed)
    wanted: dict[str, Any] = {"wanted": Selection(partner="acme"), "up_to": name(UP_TO)}
    seen: list[str] = []
    counted = 0
    behind: str | None = ""
    while behind is not None:
        found = await database.write(partial(selection.stretch, behind=behind, **wanted))
        seen += [one.id for one in found.candidates]
        behind = found.reached
    behind = ""
    while behind is not None:
        count = await database.read(partial(selection.count, behind=behind, **wanted))
        counted += count.matched
        behind = count.reached

    assert seen == [name(0), name(4)]
    assert counted == 2


def fail(connection: Connection, seconds: range) -> None:
    for second in seconds:
        add(connection, second, F, f"evt_{second}")


async def test_a_step_of_a_count_costs_sqlite_the_same_however_much_lies_ahead(tmp_path: Path) -> None:
    def count(connection: Connection) -> int:
        """Return how many instructions SQLite needs for a step over 20 rows, in tens."""
        raw: Any = connection.connection.dbapi_connection
        turns = itertools.count()
        raw.set_progress_handler(lambda: next(turns) and 0, 10)
        counted = selection.count(connection, Selection(state=F), behind="", up_to=name(10_000), window=20)
        raw.set_progress_handler(None, 0)
        assert counted.matched == 20
        return next(turns)

    database = SqliteDatabase(tmp_path / "tidings.db")
    await database.write(schema.bring_up_to_date)
    costs = []
    for seconds in (range(100), range(100, 3000)):
        await database.write(partial(fail, seconds=seconds))
        costs.append(await database.read(count))
    await database.close()

    assert costs[1] < 2 * costs[0]
