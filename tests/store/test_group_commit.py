"""Many writes, one flush; one member's failure is its own."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy.exc import IntegrityError

from support.stepped_clock import SteppedClock
from support.stored import add_partner
from tidings.core.instants import MILLISECOND
from tidings.errors import NotFound, TidingsError, Unavailable
from tidings.store import partners
from tidings.store.database import Database
from tidings.store.group_commit import GroupCommit, each
from tidings.store.transaction import Transaction
from tidings.telemetry.facts import CommitEnded, Fact, ServiceLoopFailed


@pytest.fixture
def facts() -> list[Fact]:
    return []


@pytest.fixture
def commits(database: Database, clock: SteppedClock, facts: list[Fact]) -> GroupCommit:
    return GroupCommit(database, clock=clock, emit=facts.append)


GOING_AWAY = {
    "sqlite": "SELECT * FROM no_table_of_ours",
    "postgresql": "SELECT pg_terminate_backend(pg_backend_pid())",
}
"""What makes a database fail as one does that is not there, or not ready."""

CHECKING_AT_COMMIT = {
    "sqlite": "PRAGMA defer_foreign_keys = ON",
    "postgresql": "ALTER TABLE allowed_hosts ALTER CONSTRAINT fk_allowed_hosts_partner_id_partners INITIALLY DEFERRED",
}
"""What has foreign keys checked at the end of the transaction, so that it is COMMIT that fails."""


def sizes(facts: list[Fact]) -> list[int]:
    return [fact.members for fact in facts if isinstance(fact, CommitEnded)]


async def names(database: Database) -> list[str]:
    return [partner.id for partner in await database.read(partners.every)]


def add_one(transaction: Transaction, name: str) -> str:
    return add_partner(transaction.connection, name)


def refuse(_transaction: Transaction, name: str) -> str:
    raise NotFound("partner", name)


def use_what_is_not_there(transaction: Transaction, name: str) -> str:
    transaction.connection.exec_driver_sql(GOING_AWAY[transaction.connection.dialect.name])
    return name


def stumble(_transaction: Transaction, name: str) -> str:
    raise ZeroDivisionError(name)


def stumble_later() -> None:
    raise ZeroDivisionError


add = each(add_one)
refuse_each = each(refuse)
lose_the_database = each(use_what_is_not_there)
stumble_over_each = each(stumble)


async def test_writes_that_wait_together_share_one_transaction_and_one_flush(
    database: Database, commits: GroupCommit, facts: list[Fact]
) -> None:
    seen: list[Transaction] = []

    def keep(transaction: Transaction, name: str) -> str:
        seen.append(transaction)
        return add_one(transaction, name)

    keep_each, wanted = each(keep), [f"p{number:02d}" for number in range(50)]
    assert await asyncio.gather(*(commits.run(keep_each, name) for name in wanted)) == wanted
    assert len({id(transaction) for transaction in seen}) == 1
    assert sizes(facts) == [50]
    assert await names(database) == wanted


async def test_a_work_is_called_once_for_all_of_its_items_in_their_order(commits: GroupCommit) -> None:
    calls: list[list[int]] = []

    def double(_transaction: Transaction, items: Sequence[int]) -> list[int | TidingsError]:
        calls.append(list(items))
        return [2 * item for item in items]

    assert await asyncio.gather(*(commits.run(double, item) for item in (3, 1, 2))) == [6, 2, 4]
    assert calls == [[3, 1, 2]]


async def test_different_works_share_a_transaction_and_each_caller_gets_its_own_result(
    commits: GroupCommit, facts: list[Fact]
) -> None:
    def lengths(_transaction: Transaction, items: Sequence[str]) -> list[int | TidingsError]:
        return [len(item) for item in items]

    found = await asyncio.gather(commits.run(add, "one"), commits.run(lengths, "three"), commits.run(add, "two"))
    assert list(found) == ["one", 5, "two"]
    assert sizes(facts) == [3]


async def test_writes_that_come_during_a_commit_share_the_next_one(
    database: Database, commits: GroupCommit, facts: list[Fact]
) -> None:
    first = asyncio.create_task(commits.run(add, "a"))
    # One turn for the write to be handed in, one for its commit to begin.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.gather(first, *(commits.run(add, name) for name in "bcd"))
    assert sizes(facts) == [1, 3]
    assert await names(database) == ["a", "b", "c", "d"]


async def test_a_transaction_has_a_bounded_number_of_members(commits: GroupCommit, facts: list[Fact]) -> None:
    def nothing(_transaction: Transaction, items: Sequence[int]) -> Sequence[int | TidingsError]:
        return items

    assert await asyncio.gather(*(commits.run(nothing, item) for item in range(600))) == list(range(600))
    assert sizes(facts) == [512, 88]


async def test_a_refused_item_leaves_the_others_written(
    database: Database, commits: GroupCommit, facts: list[Fact]
) -> None:
    found = await asyncio.gather(
        commits.run(add, "a"), commits.run(refuse_each, "x"), commits.run(add, "b"), return_exceptions=True
    )
    assert [type(one) for one in found] == [str, NotFound, str]
    assert await names(database) == ["a", "b"]
    assert sizes(facts) == [3]


async def test_an_item_that_breaks_the_transaction_breaks_it_for_itself_alone(
    database: Database, commits: GroupCommit
) -> None:
    wanted = ["a", "b", "a", "c"]
    found = await asyncio.gather(*(commits.run(add, name) for name in wanted), return_exceptions=True)
    assert [type(one) for one in found] == [str, str, IntegrityError, str]
    assert await names(database) == ["a", "b", "c"]


async def test_every_member_that_fails_gets_its_own_error(database: Database, commits: GroupCommit) -> None:
    found = await asyncio.gather(
        commits.run(add, "a"),
        commits.run(stumble_over_each, "x"),
        commits.run(add, "a"),
        commits.run(refuse_each, "y"),
        return_exceptions=True,
    )
    assert [type(one) for one in found] == [str, ZeroDivisionError, IntegrityError, NotFound]
    assert await names(database) == ["a"]


async def test_a_member_that_fails_alone_is_not_tried_twice(commits: GroupCommit) -> None:
    calls: list[str] = []

    def stumble_once(_transaction: Transaction, items: Sequence[str]) -> list[str | TidingsError]:
        calls.extend(items)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await commits.run(stumble_once, "x")
    assert calls == ["x"]


async def test_a_database_that_fails_is_unavailable_to_every_member(
    database: Database, commits: GroupCommit, facts: list[Fact]
) -> None:
    found = await asyncio.gather(
        commits.run(add, "a"), commits.run(lose_the_database, "x"), commits.run(add, "b"), return_exceptions=True
    )
    assert [type(one) for one in found] == [Unavailable] * 3
    assert await names(database) == []
    assert sizes(facts) == [3]


async def test_writing_goes_on_after_a_failure(database: Database, commits: GroupCommit) -> None:
    with pytest.raises(Unavailable):
        await commits.run(lose_the_database, "x")
    assert await commits.run(add, "a") == "a"
    assert await names(database) == ["a"]


async def test_a_caller_that_is_cancelled_takes_nothing_from_the_others(
    database: Database, commits: GroupCommit
) -> None:
    leaving = asyncio.create_task(commits.run(add, "a"))
    staying = asyncio.create_task(commits.run(add, "b"))
    await asyncio.sleep(0)
    leaving.cancel()
    assert await staying == "b"
    assert leaving.cancelled()
    # What was handed in is written: cancelling ends the wait, not the write.
    assert await names(database) == ["a", "b"]


async def test_closing_waits_until_everything_handed_in_is_written(database: Database, commits: GroupCommit) -> None:
    writing = [asyncio.create_task(commits.run(add, name)) for name in "abc"]
    await asyncio.sleep(0)
    await commits.close()
    assert all(task.done() for task in writing)
    assert await names(database) == ["a", "b", "c"]


async def test_closing_what_never_wrote_returns_at_once(commits: GroupCommit) -> None:
    await commits.close()
    await commits.close()


async def test_each_commit_tells_how_long_it_took(commits: GroupCommit, clock: SteppedClock, facts: list[Fact]) -> None:
    def take_a_while(_transaction: Transaction, name: str) -> str:
        clock.pass_(7 * MILLISECOND)
        return name

    await commits.run(each(take_a_while), "x")
    assert facts == [CommitEnded(members=1, duration_ms=7.0)]


class Callbacks:
    """A work that adds partners and notes how its transactions ended."""

    def __init__(self) -> None:
        self.ends: list[str] = []

    def add(self, transaction: Transaction, items: Sequence[str]) -> list[str | TidingsError]:
        transaction.after_commit(lambda: self.ends.append("committed"))
        transaction.after_rollback(lambda: self.ends.append("rolled back"))
        assert self.ends.count("committed") == 0
        return [add_partner(transaction.connection, item) for item in items]


async def test_what_follows_a_commit_runs_once_after_it(database: Database, commits: GroupCommit) -> None:
    callbacks = Callbacks()
    await asyncio.gather(commits.run(callbacks.add, "a"), commits.run(callbacks.add, "b"))
    assert callbacks.ends == ["committed"]
    assert await names(database) == ["a", "b"]


async def test_what_follows_a_rollback_runs_when_the_database_failed(commits: GroupCommit) -> None:
    callbacks = Callbacks()
    await asyncio.gather(commits.run(callbacks.add, "a"), commits.run(lose_the_database, "x"), return_exceptions=True)
    assert callbacks.ends == ["rolled back"]


async def test_a_member_that_is_written_again_alone_ends_twice(commits: GroupCommit) -> None:
    callbacks = Callbacks()
    await asyncio.gather(commits.run(callbacks.add, "a"), commits.run(stumble_over_each, "x"), return_exceptions=True)
    assert callbacks.ends == ["rolled back", "committed"]


async def test_nothing_follows_a_commit_that_fails(database: Database, commits: GroupCommit) -> None:
    callbacks = Callbacks()

    def add_an_orphan(transaction: Transaction, items: Sequence[str]) -> Sequence[str | TidingsError]:
        transaction.connection.exec_driver_sql(CHECKING_AT_COMMIT[transaction.connection.dialect.name])
        for item in items:
            partners.allow_host(transaction.connection, item, "hooks.acme.com")
        callbacks.add(transaction, ["a"])
        return items

    with pytest.raises(IntegrityError):
        await commits.run(add_an_orphan, "nobody")
    assert callbacks.ends == ["rolled back"]
    assert await names(database) == []


async def test_what_follows_a_commit_may_fail_and_nothing_is_written_twice(
    database: Database, commits: GroupCommit, facts: list[Fact]
) -> None:
    calls: list[str] = []

    def add_and_stumble_later(transaction: Transaction, name: str) -> str:
        calls.append(name)
        transaction.after_commit(stumble_later)
        return add_one(transaction, name)

    work = each(add_and_stumble_later)
    assert await asyncio.gather(*(commits.run(work, name) for name in "ab")) == ["a", "b"]
    assert calls == await names(database) == ["a", "b"]
    assert ServiceLoopFailed("group commit", "ZeroDivisionError") in facts
