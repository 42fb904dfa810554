"""One test of a webhook at a time, on all processes; one whose process died hinders no longer than a lease."""

import asyncio

import pytest
from sqlalchemy import select

from support.https_receiver import OK, Answer
from support.stepped_clock import START
from support.workplace import Workplace
from tidings.actions import test_calls
from tidings.core.audit import AuditAction
from tidings.core.instants import SECOND
from tidings.errors import TestInProgress
from tidings.store.tables import webhook_tests

LEASE_S = 60


async def on_record(work: Workplace) -> list[tuple[int, str | None, int | None]]:
    """Return when each test began, how it ended and the status it got, oldest first."""
    columns = webhook_tests.c
    asked = select(columns.started_at, columns.outcome, columns.http_status).order_by(columns.started_at)
    rows = await work.ctx.store.read(lambda connection: connection.execute(asked).all())
    return [(row.started_at, row.outcome, row.http_status) for row in rows]


async def refused(work: Workplace, webhook: str) -> int:
    """Be refused; return after how many seconds it is worth another try."""
    with pytest.raises(TestInProgress) as refusal:
        await test_calls.test(work.ctx, "acme", webhook)
    return refusal.value.retry_after


async def test_a_second_test_meanwhile_is_refused_by_every_process(work: Workplace, other: Workplace) -> None:
    hold = asyncio.Event()
    webhook = await work.partner("acme", Answer(after=hold), OK)
    first = asyncio.create_task(test_calls.test(work.ctx, "acme", webhook))
    await work.receiver.until_received(1, "/acme")
    at_once = [await refused(work, webhook), await refused(other, webhook)]
    work.clock.pass_(20 * SECOND)
    later = await refused(other, webhook)
    hold.set()
    report = await first
    again = await test_calls.test(other.ctx, "acme", webhook)

    assert (at_once, later) == ([LEASE_S, LEASE_S], LEASE_S - 20)
    assert (report.result, again.result) == ("success", "success")
    assert len(work.receiver.requests) == 2
    assert await on_record(work) == [(START, "ok", 200), (START + 20 * SECOND, "ok", 200)]
    # What is refused is not done: it is on no record.
    assert await work.audited(AuditAction.WEBHOOK_TEST) == [webhook] * 2


async def test_of_two_tests_at_the_same_moment_one_is_made(work: Workplace, other: Workplace) -> None:
    webhook = await work.partner("acme")
    hold = asyncio.Event()
    work.receiver.script("/acme", Answer(after=hold))
    both = [asyncio.create_task(test_calls.test(at.ctx, "acme", webhook)) for at in (work, other)]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    hold.set()
    ended = await asyncio.gather(*both, return_exceptions=True)

    assert sorted(type(one).__name__ for one in ended) == ["TestInProgress", "TestReport"]
    assert len(work.receiver.requests) == 1


async def test_tests_of_different_webhooks_do_not_hinder_each_other(work: Workplace) -> None:
    hold = asyncio.Event()
    held = await work.partner("acme", Answer(after=hold))
    free = await work.partner("globex")
    first = asyncio.create_task(test_calls.test(work.ctx, "acme", held))
    await work.receiver.until_received(1, "/acme")
    report = await test_calls.test(work.ctx, "globex", free)
    hold.set()

    assert report.result == "success"
    assert (await first).result == "success"


async def leave_a_test(work: Workplace) -> str:
    """Have a process die in the middle of a test; return the webhook, which answers from then on."""
    webhook = await work.partner("acme", Answer(after=asyncio.Event()), OK)
    dying = asyncio.create_task(test_calls.test(work.ctx, "acme", webhook))
    await work.receiver.until_received(1, "/acme")
    dying.cancel()
    await asyncio.wait([dying])
    return webhook


async def test_a_test_whose_process_died_is_abandoned_after_a_lease(work: Workplace, other: Workplace) -> None:
    webhook = await leave_a_test(work)
    before = await on_record(other)
    work.clock.pass_(LEASE_S * SECOND - 1)
    at_the_last_moment = await refused(other, webhook)
    work.clock.pass_(1)
    report = await test_calls.test(other.ctx, "acme", webhook)

    assert before == [(START, None, None)]
    assert at_the_last_moment == 1
    assert report.result == "success"
    assert await on_record(other) == [(START, "lease_lost", None), (START + LEASE_S * SECOND, "ok", 200)]


async def test_a_result_that_comes_after_the_test_was_abandoned_changes_nothing(
    work: Workplace, other: Workplace
) -> None:
    hold = asyncio.Event()
    webhook = await work.partner("acme", Answer(after=hold), OK)
    late = asyncio.create_task(test_calls.test(work.ctx, "acme", webhook))
    await work.receiver.until_received(1, "/acme")
    work.clock.pass_(LEASE_S * SECOND)
    await test_calls.test(other.ctx, "acme", webhook)
    before = await on_record(other)
    hold.set()
    await late

    assert before == await on_record(other)
    assert [outcome for _, outcome, _ in before] == ["lease_lost", "ok"]


async def test_whoever_waits_as_long_as_told_is_not_refused_again(work: Workplace, other: Workplace) -> None:
    webhook = await leave_a_test(work)
    work.clock.pass_(SECOND // 2)
    work.clock.pass_(await refused(other, webhook) * SECOND)

    assert (await test_calls.test(other.ctx, "acme", webhook)).result == "success"
