"""The journal is added up: exactly, once, and by one process at a time."""

import pytest
from sqlalchemy import Connection, func, select

from support.ended_entries import an_end
from support.stepped_clock import START
from support.stored import WEBHOOK
from tidings.core.instants import MILLISECOND, SECOND
from tidings.core.latency import bin_of
from tidings.core.model import State
from tidings.store import journal, statistics
from tidings.store.bookkeeping import COUNTS
from tidings.store.bookkeeping import journal as journal_table
from tidings.store.database import Database
from tidings.store.journal import Draft, EndedEntry, Kind, Owner
from tidings.store.statistics import AT_ONCE, HOLD, KEPT, Resolution, Wanted

HOUR = 3600 * SECOND
FIRST = START - START % HOUR
LATER = FIRST + 2 * HOUR
TYPE = "user.verified"


def ended(**wanted: object) -> EndedEntry:
    return an_end(WEBHOOK, FIRST, **({"event_type": TYPE} | wanted))


def wanted(**given: object) -> Wanted:
    usual = {
        "partner": None,
        "webhook": None,
        "event_type": None,
        "resolution": Resolution.HOUR,
        "since": FIRST,
        "until": LATER,
    }
    return Wanted(**(usual | given))  # type: ignore[arg-type]


async def write(database: Database, *drafts: Draft) -> None:
    def all_of(connection: Connection) -> None:
        for draft in drafts:
            journal.write(connection, draft, now=FIRST)

    await database.write(all_of)


async def roll_up(database: Database, now: int = LATER) -> int:
    return await database.write(lambda connection: statistics.roll_up(connection, now=now))


async def counts(database: Database, **given: object) -> dict[int, dict[str, int]]:
    """Return what was counted, without what is nought."""
    found = await database.read(lambda connection: statistics.counts(connection, wanted(**given)))
    return {
        moment: {name: count for name, count in zip(COUNTS, row, strict=True) if count}
        for moment, row in found.items()
        if any(row)
    }


def a_day_of_acme() -> Draft:
    """Note an event for one webhook that arrived at the second attempt, one that failed, and one nobody wanted."""
    draft = Draft()
    draft.ended += [
        ended(state=State.PENDING, outcome="timeout", latency=None),
        ended(number=2, ended_at=FIRST + HOUR),
        ended(state=State.FAILED, outcome="http_status", latency=None, event_type="user.closed"),
    ]
    for webhook in ("", WEBHOOK):
        draft.count(Kind.PUBLISHED, Owner("acme", webhook, TYPE), 2)
    draft.count(Kind.PUBLISHED, Owner("other", "", TYPE))
    draft.count(Kind.CANCELLED, Owner("acme", WEBHOOK, TYPE), 4)
    return draft


SIX_MS = COUNTS[6 + bin_of(6 * MILLISECOND)]
EXPECTED: dict[str, tuple[dict[str, object], dict[int, dict[str, int]]]] = {
    "everybody's": (
        {},
        {
            FIRST: {"published": 3, "failed": 1, "cancelled": 4, "attempts": 2, "failed_attempts": 2},
            FIRST + HOUR: {"delivered": 1, "attempts": 1, SIX_MS: 1},
        },
    ),
    "of one type": (
        {"event_type": "user.closed"},
        {FIRST: {"failed": 1, "attempts": 1, "failed_attempts": 1}},
    ),
    "a partner's": (
        {"partner": "acme"},
        {
            FIRST: {"published": 2, "failed": 1, "cancelled": 4, "attempts": 2, "failed_attempts": 2},
            FIRST + HOUR: {"delivered": 1, "attempts": 1, SIX_MS: 1},
        },
    ),
    "a webhook's of one type": (
        {"partner": "acme", "webhook": WEBHOOK, "event_type": TYPE},
        {
            FIRST: {"published": 2, "cancelled": 4, "attempts": 1, "failed_attempts": 1},
            FIRST + HOUR: {"delivered": 1, "attempts": 1, SIX_MS: 1},
        },
    ),
    "another's": ({"partner": "other"}, {FIRST: {"published": 1}}),
    "before": ({"until": FIRST}, {}),
    "by the minute": (
        {"resolution": Resolution.MINUTE, "event_type": "user.closed"},
        {FIRST: {"failed": 1, "attempts": 1, "failed_attempts": 1}},
    ),
}


@pytest.mark.parametrize("title", EXPECTED)
async def test_everything_is_counted_once_for_everybody_who_may_ask(database: Database, title: str) -> None:
    given, expected = EXPECTED[title]
    await write(database, a_day_of_acme())

    assert await roll_up(database) == 1
    assert await roll_up(database) == 0

    assert await counts(database, **given) == expected


async def test_what_is_counted_later_is_added(database: Database) -> None:
    await write(database, a_day_of_acme(), a_day_of_acme())
    await roll_up(database)
    await write(database, a_day_of_acme())
    await roll_up(database)

    assert (await counts(database, partner="other"))[FIRST] == {"published": 3}


async def test_a_transaction_in_which_nothing_happened_leaves_no_row(database: Database) -> None:
    await write(database, Draft())

    assert await database.read(lambda connection: journal.newest(connection, limit=9)) == []


async def test_rows_are_left_to_those_who_watch_for_a_while(database: Database) -> None:
    await write(database, a_day_of_acme())

    assert await roll_up(database, FIRST + HOLD) == 0
    assert await roll_up(database, FIRST + HOLD + 1) == 1


async def test_a_long_journal_is_counted_bit_by_bit(database: Database) -> None:
    await write(database, *(a_day_of_acme() for _ in range(AT_ONCE + 1)))

    assert [await roll_up(database) for _ in range(3)] == [AT_ONCE, 1, 0]
    assert (await counts(database, partner="other"))[FIRST] == {"published": AT_ONCE + 1}


async def test_what_is_undone_is_neither_counted_nor_forgotten(database: Database) -> None:
    await write(database, a_day_of_acme())

    def counted_and_undone(connection: Connection) -> None:
        assert statistics.roll_up(connection, now=LATER) == 1
        raise LookupError

    with pytest.raises(LookupError):
        await database.write(counted_and_undone)

    assert await counts(database) == {}
    assert await roll_up(database) == 1


async def test_old_buckets_are_forgotten_and_younger_ones_stay(database: Database) -> None:
    await write(database, a_day_of_acme())
    await roll_up(database)

    for _ in range(3):
        await roll_up(database, FIRST + HOUR + KEPT[Resolution.MINUTE])

    assert list(await counts(database, resolution=Resolution.MINUTE)) == [FIRST + HOUR]
    assert list(await counts(database)) == [FIRST, FIRST + HOUR]


async def test_the_journal_is_empty_when_all_is_counted(database: Database) -> None:
    await write(database, a_day_of_acme())
    await roll_up(database)

    left = select(func.count()).select_from(journal_table)
    assert await database.read(lambda connection: connection.execute(left).scalar()) == 0
