"""The health of a partner and of a webhook, on their pages: in numbers, what waits, and whether it is failing."""

import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from support.ended_entries import an_end
from support.event_samples import sample
from support.pages_client import PagesClient
from support.served import HOST, Served, served
from tidings.actions import operators
from tidings.actions.operations import Receiver, Teller, follow_settings
from tidings.core.instants import SECOND
from tidings.core.model import OperatorRole, State
from tidings.core.operational_events import PARTNER, BacklogOverLimit
from tidings.core.secret import Secret
from tidings.engine.rolling_up import roll_up_all
from tidings.store import conditions, statistics
from tidings.store.conditions import Failure
from tidings.store.group_commit import each
from tidings.store.journal import EndedEntry
from tidings.store.transaction import Transaction
from tidings.web.pages.charts import HEIGHT

PASSWORD = "correct horse battery"
_MARKUP = re.compile(r"<[^>]*>")


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as up:
        await operators.create(up.ctx, "ada", role=OperatorRole.OPERATOR, password=Secret(PASSWORD.encode()))
        yield up


@pytest_asyncio.fixture
async def ada(at: Served) -> PagesClient:
    client = PagesClient(at.port)
    assert (await client.log_in("ada", PASSWORD)).status_code == 303
    return client


async def registered(at: Served, name: str) -> str:
    partner = await at.partner(name)
    made = await partner.register(f"https://{HOST}/w", enabled=True, events=["user.closed"])
    return str(made["webhook"]["id"])


async def published(at: Served, partner: str, *, times: int) -> None:
    batch = {"events": [{"partner": partner, "payload": sample("user.closed")}] * times}
    await at.platform_json("POST", "/platform/v1/events", batch)


async def health_on(client: PagesClient, path: str) -> str:
    """Return the section as it is read: without markup, in single spaces."""
    answer = await client.get(path)
    assert answer.status_code == 200
    section = answer.text.split('<section id="health"')[1].split("</section>")[0]
    return " ".join(_MARKUP.sub(" ", ">" + section).split())


def row(section: str, period: str) -> list[str]:
    """Return what the table says of a period."""
    table = section.split("Whole minutes", maxsplit=1)[0]
    return re.sub(r" (%|ms|s)(?= |$)", r"\1", table.rsplit(f" {period} ", 1)[1]).split(" ")[:9]


def _end(transaction: Transaction, ends: Sequence[EndedEntry]) -> None:
    transaction.draft.ended.extend(ends)


def _fail(transaction: Transaction, failure: Failure) -> None:
    conditions.begin_failing(transaction.connection, [failure])


def _recover(transaction: Transaction, webhook: str) -> None:
    conditions.end_failing(transaction.connection, [webhook])


def _tell(transaction: Transaction, at: Served) -> None:
    teller = Teller(at.ctx, transaction, now=at.ctx.clock.now())
    teller.tell(BacklogOverLimit(id=teller.new_id(), timestamp="2025-01-15T10:30:00.000000000Z", pending=2, limit=1))
    teller.flush()


_end_all, _fail_all, _recover_all, _tell_all = each(_end), each(_fail), each(_recover), each(_tell)


async def test_both_pages_tell_what_happened_in_the_hour_the_day_and_the_week(
    at: Served, ada: PagesClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "HOLD", -SECOND)
    webhook = await registered(at, "acme")
    await registered(at, "other")
    await published(at, "acme", times=4)
    await published(at, "other", times=9)
    now = at.ctx.clock.now()
    long_ago, days_ago = now - 7_200 * SECOND, now - 3 * 86_400 * SECOND
    lost = an_end(webhook, now, outcome="timeout", http_status=None, state=State.FAILED, latency=None)
    ends = [an_end(webhook, now)] * 3 + [lost, an_end(webhook, long_ago), an_end(webhook, days_ago)]
    await at.ctx.store.write(_end_all, ends)
    await at.ctx.store.write(roll_up_all, at.ctx)

    for path in ("/console/partners/acme", f"/console/webhooks/{webhook}"):
        section = await health_on(ada, path)
        numbers = {period: row(section, period) for period in ("hour", "day", "week")}
        # Published, delivered, failed, cancelled, success, attempts, p50, p95.
        assert numbers["hour"][:6] == ["4", "3", "1", "0", "75.00%", "4"]
        assert numbers["day"][:6] == ["4", "4", "1", "0", "80.00%", "5"]
        assert numbers["week"][:6] == ["4", "5", "1", "0", "83.33%", "6"]
        assert all(time.endswith("ms") for period in numbers.values() for time in period[6:8])


async def test_the_pictures_are_of_the_period_that_is_asked_for(
    at: Served, ada: PagesClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "HOLD", -SECOND)
    webhook = await registered(at, "acme")
    await published(at, "acme", times=1)
    await at.ctx.store.write(_end_all, [an_end(webhook, at.ctx.clock.now() - 9 * SECOND)])
    await at.ctx.store.write(roll_up_all, at.ctx)

    for path in ("/console/partners/acme", f"/console/webhooks/{webhook}"):
        pages = {period: (await ada.get(f"{path}?span={period}")).text for period in ("hour", "day", "week")}
        assert {period: page.count('class="room"') for period, page in pages.items()} == {
            "hour": 60,
            "day": 24,
            "week": 168,
        }
        assert f'href="{path}?span=day#health" aria-current="page"' in pages["day"]
        assert (await ada.get(f"{path}?span=year")).status_code == 400


async def test_the_success_rate_is_drawn_where_something_ended(
    at: Served, ada: PagesClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "HOLD", -SECOND)
    webhook = await registered(at, "acme")
    await published(at, "acme", times=1)
    now = at.ctx.clock.now()
    lost = an_end(webhook, now, outcome="timeout", http_status=None, state=State.FAILED, latency=None)
    await at.ctx.store.write(_end_all, [*[an_end(webhook, now)] * 3, lost, an_end(webhook, now - 7_200 * SECOND)])
    await at.ctx.store.write(roll_up_all, at.ctx)

    for path in ("/console", "/console/partners/acme", f"/console/webhooks/{webhook}"):
        page = (await ada.get(f"{path}?span=day")).text
        lines = re.findall(r'<polyline class="success" points="([^"]*)"', page)
        # Two hours ago everything arrived; in between nothing ended; in this hour one of four was lost.
        assert [line.split(",")[-1] for line in lines] == [f"{HEIGHT * lost:.2f}" for lost in (0, 0.25)], path


async def test_both_pages_tell_what_waits(at: Served, ada: PagesClient) -> None:
    webhook = await registered(at, "acme")
    quiet = await registered(at, "quiet")
    await published(at, "acme", times=3)

    for path, link in (
        ("/console/partners/acme", "partner=acme"),
        (f"/console/webhooks/{webhook}", f"webhook={webhook}"),
    ):
        section = await health_on(ada, path)
        assert "Waiting now 3 the oldest is overdue by" in section
        assert f"/console/deliveries?state=pending&amp;{link}" in (await ada.get(path)).text
    for path in ("/console/partners/quiet", f"/console/webhooks/{quiet}"):
        section = await health_on(ada, path)
        assert "Waiting now 0 nothing is overdue" in section
        assert section.endswith("Nothing was published, tried or ended in the last week.")


async def test_a_webhook_is_failing_on_its_pages_when_it_is_on_the_overview(at: Served, ada: PagesClient) -> None:
    webhook, well = await registered(at, "acme"), await registered(at, "other")
    now = at.ctx.clock.now()
    failure = Failure(
        webhook_id=webhook, partner_id="acme", failing_since=now, last_failed_at=now, last_outcome="timeout"
    )
    pages = ("/console/partners/acme", f"/console/webhooks/{webhook}")
    said = f"Webhook {webhook} has been failing since"

    await at.ctx.store.write(_fail_all, failure)
    assert [said in await health_on(ada, path) for path in pages] == [True, True]
    assert "The receiver did not answer in the time allowed." in await health_on(ada, pages[1])
    assert webhook in (await ada.get("/console")).text
    assert "has been failing" not in await health_on(ada, f"/console/webhooks/{well}")

    await at.ctx.store.write(_recover_all, webhook)
    assert [said in await health_on(ada, path) for path in pages] == [False, False]
    assert webhook not in (await ada.get("/console")).text


async def test_the_operations_own_deliveries_lead_to_no_page_that_is_not_there(at: Served, ada: PagesClient) -> None:
    await follow_settings(at.ctx, Receiver(f"https://{HOST}/operations", Secret(bytes(32))))
    await registered(at, "acme")
    await published(at, "acme", times=1)
    await at.ctx.store.write(_tell_all, at)

    listed = await ada.get("/console/deliveries")
    (told,) = re.findall(r'<tr id="(dlv_\w+)">(?:(?!</tr>).)*' + PARTNER, listed.text, re.DOTALL)
    delivery = await ada.get(f"/console/deliveries/{told}")
    event = re.findall(r"/console/events/(evt_\w+)", delivery.text)[0]
    pages = [listed, delivery, await ada.get("/console/events"), await ada.get(f"/console/events/{event}")]
    assert [PARTNER in page.text for page in pages] == [True] * 4
    links = {link for page in pages for link in re.findall(r'href="(/console/(?:partners|webhooks)/[^"]+)"', page.text)}
    assert links == {"/console/partners/acme"}
