"""Whatever a receiver does, the attempt ends in time with the right code, and little memory was spent on it."""

import asyncio
import resource
import time

import pytest

from support.certificates import Authority
from support.misbehaviours import ENDINGS, after_request, for_ever, reset_later
from support.raw_receiver import Behaviour, Connection, RawReceiver
from support.waiting import until
from support.wire import HOST, open_wire
from tidings.core.outcome import Answered, Code, Outcome, Unanswered, code_of

TIMEOUT_S = 0.6
GRACE_S = 0.5
MOST_GROWTH_KIB = 64 * 1024
STATUSES = {200: Code.OK, 204: Code.OK, 299: Code.OK, 400: Code.HTTP_STATUS, 410: Code.HTTP_STATUS}
STATUSES |= {429: Code.HTTP_STATUS, 500: Code.HTTP_STATUS, 503: Code.HTTP_STATUS}


async def posted_to(behaviour: Behaviour, authority: Authority) -> Outcome:
    """Return what became of one request to a receiver that behaves so."""
    with RawReceiver(behaviour, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            return await wire.post(receiver.port)


@pytest.mark.parametrize("name", ENDINGS)
async def test_every_misbehaviour_ends_in_time_with_its_code(authority: Authority, name: str) -> None:
    behaviour, code = ENDINGS[name]
    with RawReceiver(behaviour, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            began = time.monotonic()
            outcome = await wire.post(receiver.port, timeout=TIMEOUT_S)
            took = time.monotonic() - began
    assert code_of(outcome) == code
    assert took < TIMEOUT_S + GRACE_S
    assert receiver.connections == 1


@pytest.mark.parametrize("status", STATUSES)
async def test_an_answer_is_told_by_its_status(authority: Authority, status: int) -> None:
    answering = after_request(lambda connection: connection.answer(status, body=b"" if status == 204 else b"OK"))
    outcome = await posted_to(answering, authority)
    assert isinstance(outcome, Answered)
    assert (outcome.status, code_of(outcome)) == (status, STATUSES[status])


async def test_a_failure_whose_body_breaks_off_is_still_told_by_its_status(authority: Authority) -> None:
    def break_off(connection: Connection) -> None:
        connection.send(b"HTTP/1.1 503 Down\r\nRetry-After: 7\r\nContent-Length: 100\r\n\r\nabc")
        reset_later(connection)

    outcome = await posted_to(after_request(break_off), authority)
    assert isinstance(outcome, Answered)
    assert (outcome.status, outcome.retry_after) == (503, 7)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b"HTTP/1.0 201 Created\r\n\r\n"])
async def test_a_success_whose_body_ends_with_the_connection_is_a_success(authority: Authority, head: bytes) -> None:
    def hang_up(connection: Connection) -> None:
        connection.send(head + b"OK")
        # Without TLS's own goodbye, as Python's http.server does.
        reset_later(connection)

    outcome = await posted_to(after_request(hang_up), authority)
    assert code_of(outcome) is Code.OK


async def test_a_success_that_breaks_off_before_its_announced_end_is_none(authority: Authority) -> None:
    def break_off(connection: Connection) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        reset_later(connection)

    outcome = await posted_to(after_request(break_off), authority)
    assert outcome == Unanswered(Code.PROTOCOL_ERROR)


async def test_only_the_first_bytes_of_a_body_are_kept(authority: Authority) -> None:
    body = bytes(range(256)) * 40
    answering = after_request(lambda connection: connection.answer(200, body=body))
    with RawReceiver(answering, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            assert await wire.post(receiver.port) == Answered(200, None, body[:1024])


async def test_endless_answers_leave_the_memory_flat(authority: Authority) -> None:
    flood = after_request(for_ever(b"x" * 65_536, after=b"HTTP/1.1 200 OK\r\n\r\n"))
    with RawReceiver(flood, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            await wire.post(receiver.port)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            outcomes = await asyncio.gather(*(wire.post(receiver.port) for _ in range(20)))
            after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert {code_of(outcome) for outcome in outcomes} == {Code.OK}
    assert after - before < MOST_GROWTH_KIB


async def test_a_receiver_that_is_not_there_is_a_failed_connection(authority: Authority) -> None:
    with RawReceiver(lambda _: None, tls=None) as receiver:
        port = receiver.port
    async with open_wire(authority, port) as wire:
        assert await wire.post(port) == Unanswered(Code.CONNECT_FAILED)


async def test_closing_ends_what_is_under_way_with_an_error_of_ours(authority: Authority) -> None:
    silent = after_request(lambda _: None)
    with RawReceiver(silent, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            posting = asyncio.create_task(wire.post(receiver.port))
            await until(lambda: bool(receiver.requests))
            await wire.sender.close()
            assert await posting == Unanswered(Code.INTERNAL_ERROR)


async def test_a_cancelled_post_raises_and_the_next_one_is_made(authority: Authority) -> None:
    def be_silent_once(connection: Connection) -> None:
        connection.request()
        if len(receiver.requests) > 1:
            connection.answer(200)
        connection.wait_until_gone()

    with RawReceiver(be_silent_once, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            posting = asyncio.create_task(wire.post(receiver.port))
            await until(lambda: bool(receiver.requests))
            posting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await posting
            assert code_of(await wire.post(receiver.port)) == Code.OK
