"""Sending many again from the command line, and watching attempts end."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from support.command_line import CommandLine
from support.stored import URL
from tidings import app, settings
from tidings.actions.redelivering import step_all
from tidings.core.model import State
from tidings.errors import Unavailable
from tidings.store import redeliveries
from tidings.store.journal import EndedEntry
from tidings.store.transaction import Transaction

WEBHOOK = "WHAAAAAA-AAAAA-AAAAAA"


@pytest.fixture
def failed(tidings: CommandLine, tmp_path: Path) -> list[str]:
    """Have three deliveries fail, as they do when nobody answers."""
    tidings("partner", "create", "acme")
    with closing(sqlite3.connect(tmp_path / "cli.db", isolation_level=None)) as database:
        database.execute(
            "INSERT INTO webhooks (id, partner_id, url, enabled, events, sealed_secret, created_at, updated_at)"
            """ VALUES (?, 'acme', ?, 1, '["user.verified"]', 'sealed', 0, 0)""",
            (WEBHOOK, URL),
        )
        made = []
        for _ in range(3):
            (event,) = tidings("event", "trigger", "user.verified", "--partner", "acme", "--json").document["events"]
            made += event["deliveries"]
        database.execute("UPDATE deliveries SET state = 'failed', due_at = NULL")
    return made


@pytest.fixture
def engine() -> Iterator[None]:
    """Work on redeliveries meanwhile, as a running service does."""
    stop = threading.Event()

    async def work() -> None:
        async with app.context(settings.load()) as ctx:
            while not stop.is_set():
                if await ctx.store.read(redeliveries.next_due_at) is not None:
                    await ctx.store.write(step_all, ctx)
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=asyncio.run, args=(work(),))
    thread.start()
    yield
    stop.set()
    thread.join()


def test_many_are_counted_and_nothing_is_changed(tidings: CommandLine, failed: list[str]) -> None:
    del failed
    counted = tidings("delivery", "redeliver", "--partner", "acme", "--dry-run", "--json").document

    assert counted == {"preview": {"matched": 3, "left_out": 0, "complete": True}}
    assert tidings("redelivery", "list", "--json").document == {"redeliveries": [], "next_cursor": None}
    assert "no redeliveries" in tidings("redelivery", "list").stdout


def test_many_are_begun_shown_listed_and_cancelled(tidings: CommandLine, failed: list[str]) -> None:
    del failed
    begun = tidings("delivery", "redeliver", "--webhook", WEBHOOK, "--rate", "5", "--detach", "--json").document
    job = begun["redelivery"]

    shown = tidings("redelivery", "show", job["id"], "--json").document["redelivery"]
    cancelled = tidings("redelivery", "cancel", job["id"], "--json").document["redelivery"]
    (listed,) = tidings("redelivery", "list", "--json").document["redeliveries"]

    assert (job["state"], job["total"], job["rate"], job["made"]) == ("running", 3, 5, 0)
    assert job["selection"] == {
        "partner": None,
        "webhook": WEBHOOK,
        "event_type": None,
        "state": "failed",
        "since": None,
        "until": None,
    }
    assert shown == job
    assert cancelled["state"] == "cancelled"
    assert listed == cancelled
    assert "selected webhook" in tidings("redelivery", "show", job["id"]).stdout


def test_a_redelivery_is_followed_to_its_end(tidings: CommandLine, failed: list[str], engine: None) -> None:
    del failed, engine
    done = tidings("delivery", "redeliver", "--all", "--json").document["redelivery"]
    again = tidings("delivery", "redeliver", "--all", "--json").document["redelivery"]

    assert (done["state"], done["made"], done["left_out"]) == ("done", 3, 0)
    assert (again["state"], again["made"], again["left_out"]) == ("done", 0, 3)


@pytest.mark.parametrize(
    "words",
    ["", "--dry-run", "dlv_1 --partner acme", "dlv_1 --all", "dlv_1 --dry-run", "--all --rate 0", "--all --since soon"],
)
def test_what_is_meant_must_be_said_and_only_once(tidings: CommandLine, words: str) -> None:
    said = tidings("delivery", "redeliver", *words.split())

    assert said.status == 2


def test_one_that_is_not_there_is_not_found(tidings: CommandLine) -> None:
    for verb in ("show", "cancel"):
        said = tidings("redelivery", verb, "rdl_none")
        assert (said.status, "redelivery not found" in said.stderr) == (1, True)


def ended(number: int) -> EndedEntry:
    return EndedEntry(
        delivery=f"dlv_{number}",
        event="evt_1",
        event_type="user.verified",
        webhook=WEBHOOK,
        partner="acme" if number % 2 else "other",
        number=1,
        outcome="ok",
        http_status=200,
        duration_ms=3,
        state=State.DELIVERED,
        ended_at=0,
        latency=1500,
    )


def record(transaction: Transaction, entries: list[EndedEntry]) -> list[None]:
    transaction.draft.ended += entries
    return [None] * len(entries)


@pytest.fixture
def attempts(tidings: CommandLine) -> Iterator[None]:
    """Have attempts end all the time, as in a running service."""
    # Makes the database and its key, which two threads of one process must not do at once.
    tidings("partner", "list")
    stop = threading.Event()

    async def work() -> None:
        number = 0
        async with app.context(settings.load()) as ctx:
            while not stop.is_set():
                number += 1
                # Beside another writer it may have to wait too long; the next one is as good.
                with suppress(Unavailable):
                    await ctx.store.write(record, ended(number))  # type: ignore[arg-type]
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=asyncio.run, args=(work(),))
    thread.start()
    yield
    stop.set()
    thread.join()


def test_attempts_are_told_as_lines_of_json_while_they_end(tidings: CommandLine, attempts: None) -> None:
    del attempts
    said = tidings("delivery", "tail", "--partner", "acme", "--limit", "5", "--for", "60s", "--json")

    told = [json.loads(line) for line in said.stdout.splitlines()]
    heard = [one for one in told if "missed" not in one]
    assert said.status == 0
    assert len(heard) == 5
    assert {one["partner"] for one in heard} == {"acme"}
    assert (heard[0]["ended_at"], heard[0]["latency_ms"]) == ("1970-01-01T00:00:00.000000Z", 1.5)
    assert len({one["delivery"] for one in heard}) == len(heard)


def test_people_read_an_attempt_in_a_line(tidings: CommandLine, attempts: None) -> None:
    del attempts
    said = tidings("delivery", "tail", "--outcome", "ok", "--limit", "3", "--for", "60s")

    assert said.status == 0, said.stderr
    lines = [line for line in said.stdout.splitlines() if "missed" not in line]
    assert len(lines) == 3
    assert all("ok 200 in 3 ms,  delivered  user.verified" in line for line in lines)


def test_watching_ends_after_the_time_that_was_said(tidings: CommandLine) -> None:
    said = tidings("delivery", "tail", "--for", "0", "--json")

    assert (said.status, said.stdout) == (0, "")
