"""The overview's pictures: how the backlog stood, and nothing of a minute that is not over."""

import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio

from support.ended_entries import an_end
from support.event_samples import sample
from support.pages_client import PagesClient
from support.served import HOST, Served, served
from tidings.actions import operators
from tidings.core.instants import SECOND
from tidings.core.model import OperatorRole, State
from tidings.core.secret import Secret
from tidings.engine.rolling_up import roll_up_all
from tidings.store import backlog, statistics
from tidings.store.backlog import Height
from tidings.store.group_commit import each
from tidings.store.journal import EndedEntry
from tidings.store.transaction import Transaction
from tidings.web.pages.charts import HEIGHT

PASSWORD = "correct horse battery"
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as up:
        await operators.create(up.ctx, "ada", role=OperatorRole.OPERATOR, password=Secret(PASSWORD.encode()))
        yield up


@pytest_asyncio.fixture
async def webhook(at: Served) -> str:
    """Return a webhook to which something was published: before, the overview says what to do first."""
    made = await (await at.partner("acme")).register(f"https://{HOST}/w", enabled=True, events=["user.closed"])
    batch = {"events": [{"partner": "acme", "payload": sample("user.closed")}]}
    await at.platform_json("POST", "/platform/v1/events", batch)
    return str(made["webhook"]["id"])


@pytest_asyncio.fixture
async def ada(at: Served) -> PagesClient:
    client = PagesClient(at.port)
    assert (await client.log_in("ada", PASSWORD)).status_code == 303
    return client


def _note(transaction: Transaction, noted: tuple[int, Height]) -> None:
    assert backlog.note(transaction.connection, *noted)


def _end(transaction: Transaction, end: EndedEntry) -> None:
    transaction.draft.ended.append(end)


_note_all, _end_all = each(_note), each(_end)


async def stood(at: Served, moment: int, pending: int, *, overdue: int = 0) -> None:
    height = Height(pending=pending, overdue=overdue)
    await at.ctx.store.write(_note_all, (moment - moment % MINUTE, height))


def heights(page: str, name: str) -> list[list[float]]:
    """Return how high each piece of a line is drawn, as a part of the picture."""
    pieces = re.findall(rf'<polyline class="{name}" points="([^"]*)"', page)
    return [[round(1 - float(point.split(",")[1]) / HEIGHT, 2) for point in piece.split()] for piece in pieces]


async def shown(client: PagesClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(("span", "step"), [("hour", MINUTE), ("day", HOUR), ("week", HOUR)])
async def test_the_backlog_is_drawn_with_a_gap_where_nobody_looked(
    at: Served, ada: PagesClient, webhook: str, span: str, step: int
) -> None:
    now = at.ctx.clock.now()
    for back, pending in ((9, 0), (8, 20), (5, 5), (4, 10)):
        await stood(at, now - back * step, pending)

    page = await shown(ada, f"/console?span={span}")

    assert heights(page, "waiting") == [[0, 1], [0.25, 0.5]]
    assert 'aria-label="Backlog"' in page
    for path in ("/console/partners/acme", f"/console/webhooks/{webhook}"):
        assert 'aria-label="Backlog"' not in await shown(ada, f"{path}?span={span}")


async def test_the_most_that_waited_is_among_the_numbers(at: Served, ada: PagesClient, webhook: str) -> None:  # noqa: ARG001 - something is published
    now = at.ctx.clock.now()
    for back, pending in ((2 * MINUTE, 7), (3 * HOUR, 12_345), (50 * HOUR, 90)):
        await stood(at, now - back, pending, overdue=pending * SECOND)

    rows = re.findall(r'<tr><th scope="row">(\w+)</th>(.*?)</tr>', await shown(ada, "/console"))

    most = {period: re.findall(r"<td[^>]*>(?:<[^>]*>)?([^<]*)", cells)[-2:] for period, cells in rows}
    assert most == {
        "hour": ["7", "7 s"],
        "day": ["12\u202f345", "3.43 h"],
        "week": ["12\u202f345", "3.43 h"],
    }


async def test_a_minute_that_is_not_over_is_counted_and_not_drawn(
    at: Served, ada: PagesClient, webhook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "HOLD", -SECOND)
    now = at.ctx.clock.now()
    lost = an_end(webhook, now, outcome="timeout", http_status=None, state=State.FAILED, latency=None)
    for end in (lost, an_end(webhook, now - 3 * MINUTE)):
        await at.ctx.store.write(_end_all, end)
    await at.ctx.store.write(roll_up_all, at.ctx)
    await stood(at, now, 50)
    await stood(at, now - 3 * MINUTE, 20)

    for path in ("/console", "/console/partners/acme", f"/console/webhooks/{webhook}"):
        page = await shown(ada, path)
        # The line would fall to nought: in this minute all that ended was lost.
        assert heights(page, "success") == [[1, 1]], path
        assert page.count('class="room"') == 60
        assert "0 delivered, 1 failed" not in page
        assert "50.00 %" in page
    assert heights(await shown(ada, "/console"), "waiting") == [[1, 1]]
    # An hour that is not over is drawn: who looks at a day would wait too long for it.
    assert heights(await shown(ada, "/console?span=day"), "success") != [[1, 1]]


async def test_the_numbers_say_from_when_on_they_count(
    at: Served, ada: PagesClient, webhook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "HOLD", -SECOND)
    await at.ctx.store.write(_end_all, an_end(webhook, at.ctx.clock.now()))
    await at.ctx.store.write(roll_up_all, at.ctx)
    before = at.ctx.clock.now()
    pages = [await shown(ada, path) for path in ("/console", "/console/partners/acme", f"/console/webhooks/{webhook}")]
    after = at.ctx.clock.now()

    # The shortest and the longest that each may have counted.
    spans = {"hour": (HOUR, HOUR + 2 * MINUTE), "day": (23 * HOUR, 24 * HOUR), "week": (167 * HOUR, 168 * HOUR)}
    for page in pages:
        said = re.findall(r'the (\w+) since <time datetime="([^"]*)"', page)
        since = {period: instant(moment) for period, moment in said}
        assert since.keys() == spans.keys()
        for period, (least, most) in spans.items():
            assert least <= after - since[period], period
            assert before - since[period] <= most, period
        assert set(re.findall(r'class="tile[^"]*" title="Since ([^"]*) UTC"', page)) == {
            dict(said)["hour"][:19].replace("T", " ")
        }


def instant(text: str) -> int:
    """Return the moment that a page spells, in our own measure."""
    return int(datetime.fromisoformat(text).timestamp()) * SECOND
