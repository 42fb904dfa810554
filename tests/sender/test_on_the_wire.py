"""Exactly one request leaves, with exactly the bytes that were asked for, to exactly one place."""

import pytest

from support.certificates import Authority
from support.misbehaviours import after_request
from support.raw_receiver import Behaviour, Connection, Gone, RawReceiver
from support.wire import HEADERS, HOST, open_wire
from tidings.core.outcome import Answered, Code, Unanswered, code_of

NEEDED_BY_HTTP = {"host", "content-length", "accept", "accept-encoding"}


def answer_all(connection: Connection) -> None:
    while True:
        connection.request()
        connection.answer(200)


def redirect_to(location: str | None, status: int) -> Behaviour:
    headers = "" if location is None else f"Location: {location}\r\n"
    return after_request(lambda connection: connection.answer(status, headers=headers))


def fields_of(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


async def test_the_request_is_what_was_asked_for_and_what_http_needs(authority: Authority) -> None:
    with RawReceiver(answer_all, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            await wire.post(receiver.port, path="/a/b?x=%20&y=1", body=b'{"n": 1.0}')
    (request,) = receiver.requests
    fields = fields_of(request)
    assert request.startswith(b"POST /a/b?x=%20&y=1 HTTP/1.1\r\n")
    assert request.endswith(b'\r\n\r\n{"n": 1.0}')
    assert set(fields) == NEEDED_BY_HTTP | {name.lower() for name, _ in HEADERS}
    assert (fields["host"], fields["accept-encoding"]) == (f"{HOST}:{receiver.port}", "identity")
    assert [fields[name.lower()] for name, _ in HEADERS] == [value for _, value in HEADERS]


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
@pytest.mark.parametrize("has_location", [True, False])
async def test_a_redirect_is_never_followed(authority: Authority, status: int, *, has_location: bool) -> None:
    context = authority.server_context(HOST)
    with RawReceiver(answer_all, tls=context) as other:
        location = f"https://{HOST}:{other.port}/" if has_location else None
        with RawReceiver(redirect_to(location, status), tls=context) as receiver:
            async with open_wire(authority, receiver.port, other.port) as wire:
                outcome = await wire.post(receiver.port)
    assert code_of(outcome) == Code.REDIRECT_REFUSED
    assert (receiver.connections, other.connections) == (1, 0)


async def test_a_connection_that_breaks_on_its_second_request_is_not_asked_again(authority: Authority) -> None:
    def answer_once(connection: Connection) -> None:
        connection.request()
        connection.answer(200)
        connection.request()
        raise Gone

    with RawReceiver(answer_once, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            first, second = await wire.post(receiver.port, number=1), await wire.post(receiver.port, number=2)
    assert (code_of(first), second) == (Code.OK, Unanswered(Code.PROTOCOL_ERROR))
    assert (len(receiver.requests), receiver.connections) == (2, 1)


async def test_a_healthy_connection_is_used_again(authority: Authority) -> None:
    with RawReceiver(answer_all, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            outcomes = [await wire.post(receiver.port, number=number) for number in range(5)]
    assert {code_of(outcome) for outcome in outcomes} == {Code.OK}
    assert (len(receiver.requests), receiver.connections) == (5, 1)


async def test_cookies_are_forgotten(authority: Authority) -> None:
    def give_cookies(connection: Connection) -> None:
        while True:
            connection.request()
            connection.answer(200, headers="Set-Cookie: a=b; Path=/\r\n")

    with RawReceiver(give_cookies, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            await wire.post(receiver.port)
            await wire.post(receiver.port)
    assert "cookie" not in fields_of(receiver.requests[1])


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
async def test_proxies_of_the_environment_are_ignored(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with (
        RawReceiver(answer_all, tls=None) as proxy,
        RawReceiver(answer_all, tls=authority.server_context(HOST)) as receiver,
    ):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with open_wire(authority, receiver.port, proxy.port) as wire:
            outcome = await wire.post(receiver.port)
    assert (code_of(outcome), proxy.connections) == (Code.OK, 0)


async def test_a_compressed_body_is_kept_as_it_came(authority: Authority) -> None:
    body = b"\x1f\x8b\x08\x00junk"
    behaviour = after_request(lambda one: one.answer(200, headers="Content-Encoding: gzip\r\n", body=body))
    with RawReceiver(behaviour, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            assert await wire.post(receiver.port) == Answered(200, None, body)


async def test_nothing_is_sent_after_the_moment_to_start_by(authority: Authority) -> None:
    with RawReceiver(answer_all, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            outcome = await wire.post(receiver.port, start_within=-0.001)
    assert (outcome, receiver.connections) == (Unanswered(Code.LEASE_LOST), 0)
