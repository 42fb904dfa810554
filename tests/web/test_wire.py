"""What the server does with odd HTTP."""

import asyncio
import contextlib
import json
import logging
from pathlib import Path

import pytest

from support.event_samples import sample
from support.partner_client import PartnerClient, ask, read_answer, talk
from support.served import Served, Terms, served
from tidings.errors import Misconfigured
from tidings.telemetry.facts import RequestFailed
from tidings.web import protocol, raw
from tidings.web.asgi import WebSettings, build_metrics, build_probes
from tidings.web.protocol import MOST_HEAD
from tidings.web.server import HttpServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVENTS = "/platform/v1/events"
WEBHOOKS = "/b2b/webhooks"


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(acme: PartnerClient) -> None:
    headers = [*acme.signed(WEBHOOKS), ("Content-Length", str(10**12))]

    answer = await ask(acme.port, "POST", WEBHOOKS, headers=headers)

    assert (answer.status, answer.error) == (413, "EGeneral:Invalid arguments:body")
    assert answer.header("connection") == "close"


async def test_a_body_of_64_kib_is_read_and_one_byte_more_is_not(acme: PartnerClient) -> None:
    body = b'{"url":"https://hooks.acme.com/w","x":"' + b"a" * 65_000
    body += b"a" * (64 * 1024 - len(body) - 2) + b'"}'

    assert (await acme.send("POST", WEBHOOKS, body)).status == 200
    assert (await acme.send("POST", WEBHOOKS, body + b" ")).status == 413


async def test_who_sends_too_much_still_reads_the_answer(at: Served) -> None:
    for size in (5 * 1024 * 1024 + 1, 7 * 1024 * 1024):
        answer = await at.platform("POST", EVENTS, b"a" * size)

        assert (answer.status, answer.document["code"]) == (413, "body_too_large")


async def test_an_endless_body_in_pieces_is_cut_off(at: Served) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
    head = (
        f"POST {EVENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {at.token}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    writer.write(head.encode())

    async def pour() -> None:
        piece = b"10000\r\n" + b"a" * 65_536 + b"\r\n"
        while True:
            writer.write(piece)
            await writer.drain()

    pouring = asyncio.create_task(pour())
    answer = await asyncio.wait_for(read_answer(reader), 10)

    assert answer.status == 413
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(pouring, 10)
    writer.transport.abort()


async def test_a_body_in_pieces_is_signed_as_a_whole(acme: PartnerClient) -> None:
    body = b'{"url":"https://hooks.acme.com/w"}'
    headers = [*acme.signed(WEBHOOKS, body), ("Transfer-Encoding", "chunked")]
    pieces = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"

    answer = await ask(acme.port, "POST", WEBHOOKS, headers=headers, body=pieces, length=False)

    assert answer.status == 200, answer


async def test_a_body_that_does_not_come_ends_in_408(
    at: Served, acme: PartnerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "BODY_DEADLINE", 0.05)
    headers = [*acme.signed(WEBHOOKS), ("Content-Length", "10")]

    partner = await ask(at.port, "POST", WEBHOOKS, headers=headers)
    platform = await at.platform("POST", EVENTS, headers=[("Content-Length", "10")])

    assert (partner.status, partner.error) == (408, "EService:Deadline elapsed")
    assert (platform.status, platform.document["code"]) == (408, "body_too_slow")


async def test_half_a_body_is_never_acted_on(at: Served, acme: PartnerClient) -> None:
    body = b'{"url":"https://hooks.acme.com/w"}'
    lines = [f"{name}: {value}" for name, value in acme.signed(WEBHOOKS, body)]
    head = "\r\n".join([f"POST {WEBHOOKS} HTTP/1.1", "Host: x", *lines, "Content-Length: 35", "", ""])
    _, writer = await asyncio.open_connection("127.0.0.1", at.port)
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    assert (await acme.call("GET", WEBHOOKS)).result == {"webhooks": []}


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /b2b/webhooks HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET /b2b/webhooks HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /b2b/webhooks HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /b2b/webhooks HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
        b"GET /b2b/webhooks HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
        b"GET /b2b/webhooks HTTP/1.1\r\nA\x00b: c\r\n\r\n",
        b"GET /b2b/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /b2b/webhooks HTTP/1.1\r\nA: " + b"a" * (MOST_HEAD + 1) + b"\r\n\r\n",
        b"GET /b2b/webhooks HTTP/1.1\r\n" + b"A: b\r\n" * MOST_HEAD + b"\r\n",
        b"GET /b2b/webhooks?" + b"a" * (4 * MOST_HEAD),
    ],
)
async def test_what_is_not_http_gets_a_plain_400_or_nothing(at: Served, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
    writer.write(sent)

    try:
        said = await asyncio.wait_for(reader.read(), 15)
    except ConnectionError:
        said = b""
    finally:
        writer.transport.abort()

    assert said == b"" or said.startswith(b"HTTP/1.1 400 ")


async def test_a_head_that_does_not_end_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_DEADLINE", 0.05)
    async with served(tmp_path) as at:
        for begun in (b"", b"GET /healthz HTTP/1.1\r\nHost:", b"\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
            writer.write(begun)
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 10) == b""
            writer.transport.abort()


async def test_several_requests_on_one_connection_are_answered_in_order(at: Served) -> None:
    one = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    two = b"GET /b2b/nothing HTTP/1.1\r\nHost: x\r\n\r\n"

    answers = await talk(at.port, one + two + one, answers=3)

    assert [answer.status for answer in answers] == [200, 404, 200]


async def test_an_upgrade_is_ignored(at: Served, acme: PartnerClient) -> None:
    upgrade = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABkAAQ")]

    assert (await acme.call("GET", WEBHOOKS, headers=upgrade)).status == 200
    assert (await acme.call("DELETE", f"{WEBHOOKS}/x", headers=[*upgrade, ("Content-Length", "0")])).status == 404
    websocket = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
    assert (await ask(at.port, "GET", "/b2b/nothing", headers=websocket)).status == 404


async def test_an_upgrade_with_a_body_is_refused_since_the_parser_would_lose_it(acme: PartnerClient) -> None:
    upgrade = [("Connection", "Upgrade"), ("Upgrade", "h2c")]

    answer = await acme.send("POST", WEBHOOKS, b'{"url":"https://hooks.acme.com/w"}', headers=upgrade)

    assert (answer.status, answer.header("connection")) == (400, "close")
    assert (await acme.call("GET", WEBHOOKS)).result == {"webhooks": []}


async def test_who_waits_for_a_go_ahead_gets_it_or_the_answer(at: Served, acme: PartnerClient) -> None:
    body = b'{"url":"https://hooks.acme.com/w"}'
    expect = [("Expect", "100-continue")]
    headers = [*acme.signed(WEBHOOKS, body), *expect, ("Content-Length", str(len(body)))]
    lines = [f"{name}: {value}" for name, value in headers]
    reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
    writer.write("\r\n".join([f"POST {WEBHOOKS} HTTP/1.1", "Host: x", *lines, "", ""]).encode())

    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    assert (await read_answer(reader)).status == 200
    writer.transport.abort()
    refused = await at.platform("POST", EVENTS, headers=[*expect, ("Content-Length", str(10**9))])
    assert refused.status == 413


async def test_answers_do_not_name_the_server(at: Served) -> None:
    answer = await ask(at.port, "GET", "/healthz")

    assert answer.header("server") is None
    assert answer.header("cache-control") == "no-store"


async def test_what_nobody_foresaw_is_a_500_that_tells_nothing(tmp_path: Path) -> None:
    async def broken() -> bytes:
        raise RuntimeError("a secret")

    terms = Terms(web=WebSettings(rate_limit_address=Terms().web.rate_limit_address, metrics=broken))
    async with served(tmp_path, terms) as at:
        answer = await ask(at.port, "GET", "/metrics")

        assert (answer.status, answer.document["code"]) == (500, "internal_error")
        assert b"secret" not in answer.body
        (failed,) = [fact for fact in at.facts if isinstance(fact, RequestFailed)]
        assert (failed.trace_id, failed.error_type) == (answer.header("x-trace-id"), "RuntimeError")
        assert failed.place


async def test_other_listeners_answer_less(at: Served) -> None:
    async def numbers() -> bytes:
        return b"tidings_up 1\n"

    seen = []
    for app in (build_metrics(at.ctx, numbers), build_probes(at.ctx, None), build_probes(at.ctx, numbers)):
        server = HttpServer(app)
        port = await server.start("127.0.0.1", 0)
        paths = ("/metrics", "/healthz", "/readyz", EVENTS, WEBHOOKS)
        seen.append([(await ask(port, "GET", path)).status for path in paths])
        await server.stop(1)

    assert seen == [[200, 404, 404, 404, 404], [404, 200, 200, 404, 404], [200, 200, 200, 404, 404]]


async def test_a_port_in_use_is_told_in_one_line(at: Served) -> None:
    server = HttpServer(build_probes(at.ctx, None))

    with pytest.raises(Misconfigured, match=f"cannot listen on 127.0.0.1:{at.port}: ") as told:
        await server.start("127.0.0.1", at.port)
    assert "\n" not in str(told.value)
    await server.stop(1)
    await server.stop(1)


async def test_a_stop_lets_an_answer_end_and_waits_for_nobody_else(tmp_path: Path) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> bytes:
        begun.set()
        await go_on.wait()
        return b"done"

    async with served(tmp_path) as at:
        server = HttpServer(build_metrics(at.ctx, slow))
        port = await server.start("127.0.0.1", 0)
        _, idle = await asyncio.open_connection("127.0.0.1", port)
        asked = asyncio.create_task(ask(port, "GET", "/metrics"))
        await begun.wait()
        stopping = asyncio.create_task(server.stop(10))
        await asyncio.sleep(0)
        go_on.set()

        assert (await asked).body == b"done"
        await asyncio.wait_for(stopping, 5)
        idle.transport.abort()
        with pytest.raises(OSError, match=r"."):
            await ask(port, "GET", "/metrics")


async def test_a_stop_ends_although_an_answer_does_not(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def never() -> bytes:
        begun.set()
        await asyncio.Event().wait()
        return b""

    async with served(tmp_path) as at:
        server = HttpServer(build_metrics(at.ctx, never))
        port = await server.start("127.0.0.1", 0)
        asked = asyncio.create_task(ask(port, "GET", "/metrics"))
        await begun.wait()

        await asyncio.wait_for(server.stop(0.05), 5)

        assert (await asked).status == 500


async def test_nothing_is_said_in_free_text(at: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await at.platform("POST", EVENTS, json.dumps({"events": [{"partner": "x", "payload": sample()}]}).encode())

    assert [record for record in caplog.records if record.name.startswith(("uvicorn", "litestar"))] == []
