"""Attempts as they end, over HTTP."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.event_stream import streamed
from support.marked_secrets import RUN
from support.partner_client import ask
from support.platform_answers import problem
from support.served import Served, served
from tidings.actions import live, tokens
from tidings.core.instants import MILLISECOND, SECOND
from tidings.core.model import State
from tidings.store.journal import EndedEntry
from tidings.store.transaction import Transaction
from tidings.web.platform_api import live as live_api

pytestmark = pytest.mark.asyncio(loop_scope="session")

LIVE = "/platform/v1/attempts/live"
FIELDS = [
    *("delivery", "event", "event_type", "webhook", "partner", "number", "outcome", "http_status", "duration_ms"),
    *("state", "ended_at", "latency_ms"),
]


def ended(name: str, **wanted: object) -> EndedEntry:
    given: dict[str, object] = {
        "delivery": name,
        "event": "evt_1",
        "event_type": "user.closed",
        "webhook": "WH1",
        "partner": "acme",
        "number": 1,
        "outcome": "ok",
        "http_status": 200,
        "duration_ms": 3,
        "state": State.DELIVERED,
        "ended_at": SECOND,
        "latency": 1500 * MILLISECOND,
    }
    return EndedEntry(**(given | wanted))  # type: ignore[arg-type]


def record(transaction: Transaction, entries: Sequence[EndedEntry]) -> list[None]:
    transaction.draft.ended += entries
    return [None] * len(entries)


async def end(at: Served, *entries: EndedEntry) -> None:
    for entry in entries:
        await at.ctx.store.write(record, entry)


async def test_an_attempt_is_told_when_it_has_ended(at: Served) -> None:
    async with streamed(at.port, LIVE, at.token) as stream:
        assert "200 ok" in stream.head
        assert "content-type: text/event-stream" in stream.head
        assert "cache-control: no-store" in stream.head
        await stream.begun()
        await end(at, ended("dlv_1"), ended("dlv_2", state=State.PENDING, outcome="timeout", latency=None))

        first, second = await stream.next(), await stream.next()

    assert first is not None
    assert second is not None
    assert (first.event, list(first.data)) == ("attempt", FIELDS)
    assert (first.data["delivery"], first.data["latency_ms"]) == ("dlv_1", 1500.0)
    assert first.data["ended_at"] == "1970-01-01T00:00:01.000000Z"
    assert (second.data["delivery"], second.data["state"], second.data["outcome"]) == ("dlv_2", "pending", "timeout")


@pytest.mark.parametrize(
    "query",
    ["partner=other", "webhook=WH2", "event_type=user.verified", "outcome=failed", "state=failed"],
)
async def test_only_what_is_wanted_is_told(at: Served, query: str) -> None:
    wanted = ended(
        "wanted",
        partner="other",
        webhook="WH2",
        event_type="user.verified",
        outcome="http_status",
        state=State.FAILED,
        latency=None,
    )
    async with streamed(at.port, f"{LIVE}?{query}", at.token) as stream:
        await stream.begun()
        await end(at, ended("unwanted"), wanted)

        told = await stream.next()

    assert told is not None
    assert told.data["delivery"] == "wanted"


async def test_who_comes_too_late_is_told_that_something_was_missed(
    at: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HOLD", -1)
    async with streamed(at.port, LIVE, at.token) as stream:
        await stream.begun()
        told = await stream.next()

    assert told is not None
    assert (told.event, told.data) == ("missed", {})


async def test_of_more_than_anybody_follows_the_last_are_told_and_that_some_were_missed(
    at: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_api, "MOST_TOLD", 2)
    async with streamed(at.port, LIVE, at.token) as stream:
        await stream.begun()
        # One commit: what is told at once is then all of it.
        await asyncio.gather(*(at.ctx.store.write(record, ended(name)) for name in "abc"))
        told: list[tuple[str, object]] = []
        while told[-1:] != [("attempt", "c")]:
            one = await stream.next()
            assert one is not None
            told.append((one.event, one.data.get("delivery")))

    # A machine that stood still for a while makes the reader miss something before that as well.
    assert told[-3:] == [("missed", None), ("attempt", "b"), ("attempt", "c")]


async def test_a_stream_ends_when_its_token_is_revoked(at: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_api, "ROUNDS_OF_TRUST", 1)
    made = await tokens.create(at.ctx, "listening")
    RUN.learn("token", made.token)
    async with streamed(at.port, LIVE, made.token) as stream:
        await stream.begun()
        await end(at, ended("before"))
        told = await stream.next()
        await tokens.revoke(at.ctx, "listening")
        after = await stream.next()

    assert told is not None
    assert told.data["delivery"] == "before"
    assert after is None


async def test_a_stream_ends_at_once_when_the_service_stops(tmp_path: Path) -> None:
    async with served(tmp_path) as at, streamed(at.port, LIVE, at.token) as stream:
        await stream.begun()
        began = time.monotonic()
        await at.stop()
        told = await stream.next()
        took = time.monotonic() - began

    assert told is None
    # The grace for answers in progress is five seconds: none of it was waited for.
    assert took < 4


async def test_a_place_is_free_again_when_its_reader_has_left(at: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_api, "MOST_LISTENERS", 1)
    async with streamed(at.port, LIVE, at.token) as stream:
        await stream.begun()
        refused = await at.platform("GET", LIVE)
    problem(refused, 429, "rate_limited")
    while True:
        async with streamed(at.port, LIVE, at.token) as stream:
            if "200 ok" in stream.head:
                break


@pytest.mark.parametrize(
    "query", ["colour=red", "outcome=maybe", "state=lost", "limit=5", "since=2025-01-01T00:00:00Z"]
)
async def test_a_query_that_is_not_understood_is_refused(at: Served, query: str) -> None:
    field = query.partition("=")[0]
    assert problem(await at.platform("GET", f"{LIVE}?{query}"), 400, "invalid_argument")["field"] == field


async def test_nobody_listens_without_a_token(at: Served) -> None:
    problem(await ask(at.port, "GET", LIVE), 401, "unauthenticated")
