"""Ten thousand deliveries are sent again: counted first, watched, cancelled, gone on with."""

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from support.console import ConsoleHouse
from support.event_samples import sample
from support.house import Partner
from support.https_receiver import OK, Answer

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANY = 10_000
AT_ONCE = 1_000
LONG_MS = 180_000
LONG_S = LONG_MS / 1000


async def test_ten_thousand_are_counted_sent_again_and_cancelled_on_the_way(console: ConsoleHouse) -> None:
    partner, ended = await with_many_cancelled(console)
    before = len(console.house.received(partner))
    async with console.visit() as page:
        await page.goto(f"/console/deliveries?partner={partner.name}&state=cancelled")
        await page.get_by_role("link", name="Send these again").click()
        await expect_counted(page, ended)
        assert len(console.house.received(partner)) == before

        await begin(page, rate=500)
        await expect(page.get_by_role("progressbar")).to_be_visible()
        await until_sent(page, 500)
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.get_by_text("It was cancelled")).to_be_visible()
        made = await sent_again(page)
        assert 500 <= made < ended

        # Asked again, it sends the rest and nothing twice.
        await page.goto(f"/console/redeliveries/new?partner={partner.name}&state=cancelled")
        await expect_counted(page, ended - made)
        await begin(page, rate=5_000)
        await expect(page.get_by_text("All that could be sent again was")).to_be_visible(timeout=LONG_MS)
        assert await sent_again(page) == ended - made
    await console.house.receiver.until_received(before + ended, partner.path, within=LONG_S)
    await console.house.platform.until_none("pending", "in_flight", webhook=partner.webhook, within=LONG_S)
    assert len(console.house.received(partner)) == before + ended


async def with_many_cancelled(console: ConsoleHouse) -> tuple[Partner, int]:
    """Publish for a receiver that does not answer, and disable it; return how many deliveries that cancelled."""
    house = console.house
    partner = await house.partner(Answer(after=asyncio.Event()))
    for _ in range(MANY // AT_ONCE + 1):
        await house.platform.publish(*[{"partner": partner.name, "payload": sample("user.closed")}] * AT_ONCE)
    webhook = f"/platform/v1/webhooks/{partner.webhook}"
    await house.platform.http.post(f"{webhook}/disable")
    await house.platform.until_none("in_flight", "pending", webhook=partner.webhook, within=LONG_S)
    house.receiver.script(partner.path, OK)
    await house.platform.http.post(f"{webhook}/enable")
    ended = len(await house.platform.deliveries(webhook=partner.webhook, state="cancelled"))
    assert ended >= MANY
    return partner, ended


async def expect_counted(page: Page, count: int) -> None:
    """Expect an exact count, which a busy machine does not give at once."""
    told = page.get_by_role("status")
    await expect(told).to_contain_text("would be sent again")
    if "More than" in await told.inner_text():
        await page.get_by_role("link", name="Count all of them").click()
    await expect(told).to_have_text(f"{spelt(count)} deliveries would be sent again.")


async def begin(page: Page, *, rate: int) -> None:
    await page.get_by_label("Deliveries a second").fill(str(rate))
    await page.get_by_role("button", name=re.compile("^Send .* again$")).click()


async def until_sent(page: Page, count: int) -> None:
    async with asyncio.timeout(LONG_S):
        while await sent_again(page) < count:
            await page.wait_for_timeout(100)


async def sent_again(page: Page) -> int:
    told = await page.get_by_role("status").inner_text()
    return int(re.sub(r"\D", "", told.split(" sent again")[0]))


def spelt(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")
