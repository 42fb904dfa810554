"""The audit trail: kept with the deed or not at all, read page by page from the newest on."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from support.stepped_clock import START, SteppedClock
from support.stored import add_partner
from tidings.core.audit import AuditAction, Entry
from tidings.core.ids import ID_ENTROPY, audit_id
from tidings.core.instants import MILLISECOND, Instant
from tidings.errors import AlreadyExists, TidingsError
from tidings.store import audit, partners, tables, windows
from tidings.store.audit import AuditFilter
from tidings.store.database import Database
from tidings.store.group_commit import GroupCommit, Work, each
from tidings.store.transaction import Transaction
from tidings.telemetry.facts import Fact


def an_entry(
    number: int = 0,
    *,
    at: Instant = START,
    actor: str = "token:billing",
    action: AuditAction = AuditAction.PARTNER_CREATE,
    partner: str | None = "acme",
) -> Entry:
    return Entry(
        id=audit_id(at, number.to_bytes(ID_ENTROPY)),
        created_at=at,
        actor=actor,
        address="192.0.2.1",
        action=action,
        partner=partner,
        subject="acme",
        details={"name": "Ä \"'\\", "allowed_hosts": ["a.example.com"], "nonce_window": 7, "enabled": False},
    )


async def pages(database: Database, wanted: AuditFilter, *, limit: int) -> list[Entry]:
    found: list[Entry] = []
    before: str | None = None
    while True:
        page = await database.read(partial(audit.page, wanted=wanted, before=before, limit=limit))
        found += page.rows
        before = page.goes_on
        if before is None:
            return found


def adding(entries: Sequence[Entry]) -> Work[Entry, None]:
    """Return a work that makes the partner of each entry together with the entry."""

    def add_one(transaction: Transaction, entry: Entry) -> None:
        assert entry.partner is not None
        if partners.get(transaction.connection, entry.partner) is not None:
            raise AlreadyExists("partner", entry.partner)
        add_partner(transaction.connection, entry.partner)
        transaction.audited(entry)

    assert entries
    return each(add_one)


def ignore(_fact: Fact) -> None:
    """Nobody listens."""


async def test_an_entry_comes_back_as_it_was_written(database: Database) -> None:
    full, bare = an_entry(2), an_entry(1, partner=None)
    await database.write(lambda connection: audit.insert(connection, [full, bare]))
    assert await pages(database, AuditFilter(), limit=9) == [full, bare]


async def test_pages_go_from_the_newest_to_the_oldest_without_a_gap(database: Database) -> None:
    entries = [an_entry(number, at=START + number // 3 * MILLISECOND) for number in range(10)]
    await database.write(lambda connection: audit.insert(connection, entries))
    assert await pages(database, AuditFilter(), limit=3) == entries[::-1]


async def test_each_filter_leaves_the_others_out(database: Database) -> None:
    wanted = an_entry(1, actor="token:a", action=AuditAction.KEY_CREATE, partner="a")
    others = [
        an_entry(2, actor="token:b", action=AuditAction.KEY_CREATE, partner="a"),
        an_entry(3, actor="token:a", action=AuditAction.KEY_REVOKE, partner="a"),
        an_entry(4, actor="token:a", action=AuditAction.KEY_CREATE, partner="b"),
        an_entry(5, actor="token:a", action=AuditAction.KEY_CREATE, partner=None),
    ]
    await database.write(lambda connection: audit.insert(connection, [wanted, *others]))

    async def numbers(**by: object) -> set[int]:
        return {int(one.id[-2:], 16) for one in await pages(database, AuditFilter(**by), limit=9)}  # type: ignore[arg-type]

    assert await numbers(actor="token:a") == {1, 3, 4, 5}
    assert await numbers(action=AuditAction.KEY_CREATE) == {1, 2, 4, 5}
    assert await numbers(partner="a") == {1, 2, 3}
    assert await numbers(partner="a", actor="token:a", action=AuditAction.KEY_CREATE) == {1}
    assert await numbers(partner="nobody") == set()


async def test_a_page_looks_at_a_window_only_and_the_next_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "WINDOW", 3)
    entries = [an_entry(number, actor=f"token:{number % 5}") for number in range(10)]
    await database.write(lambda connection: audit.insert(connection, entries))
    wanted = AuditFilter(partner="acme", actor="token:1")
    first = await database.read(partial(audit.page, wanted=wanted, before=None, limit=9))
    assert (first.rows, first.goes_on) == ([], entries[7].id)
    assert await pages(database, wanted, limit=9) == [entries[6], entries[1]]


async def test_a_span_of_time_holds_its_beginning_and_not_its_end(database: Database) -> None:
    entries = [an_entry(number, at=START + number) for number in range(4)]
    await database.write(lambda connection: audit.insert(connection, entries))
    span = AuditFilter(since=START + 1, until=START + 3)
    assert await pages(database, span, limit=9) == [entries[2], entries[1]]


async def test_of_a_group_the_deeds_that_were_refused_leave_no_entry(database: Database, clock: SteppedClock) -> None:
    commits = GroupCommit(database, clock=clock, emit=ignore)
    entries = [an_entry(1, partner="acme"), an_entry(2, partner="acme"), an_entry(3, partner="other")]
    work = adding(entries)

    results = await asyncio.gather(*(commits.run(work, entry) for entry in entries), return_exceptions=True)

    assert [isinstance(result, TidingsError) for result in results] == [False, True, False]
    assert await pages(database, AuditFilter(), limit=9) == [entries[2], entries[0]]


async def test_a_deed_whose_entry_cannot_be_written_is_not_done(database: Database, clock: SteppedClock) -> None:
    commits = GroupCommit(database, clock=clock, emit=ignore)
    taken = an_entry(1)
    await database.write(lambda connection: audit.insert(connection, [taken]))
    work = adding([taken])

    with pytest.raises(IntegrityError):
        await commits.run(work, taken)

    assert await database.read(names_of_partners) == []


async def test_an_entry_whose_transaction_fails_is_not_kept(database: Database, clock: SteppedClock) -> None:
    commits = GroupCommit(database, clock=clock, emit=ignore)

    def fail(transaction: Transaction, items: Sequence[Entry]) -> list[None]:
        transaction.audited(items[0])
        add_partner(transaction.connection)
        add_partner(transaction.connection)
        return [None]

    with pytest.raises(IntegrityError):
        await commits.run(fail, an_entry(1))

    assert await pages(database, AuditFilter(), limit=9) == []
    assert await database.read(names_of_partners) == []


def names_of_partners(connection: Connection) -> list[str]:
    return list(connection.execute(select(tables.partners.c.id)).scalars())
