"""Pages that stay open show what happens meanwhile."""

import pytest
from playwright.async_api import expect

from support.console import ConsoleHouse
from support.event_samples import sample

pytestmark = pytest.mark.asyncio(loop_scope="session")
PATIENCE_MS = 30_000


@pytest.mark.parametrize("path", ["/console", "/console/partners/{partner}", "/console/webhooks/{webhook}"])
async def test_numbers_follow_what_is_delivered(console: ConsoleHouse, path: str) -> None:
    house = console.house
    partner = await house.partner()
    async with console.visit() as page:
        await page.goto(path.format(partner=partner.name, webhook=partner.webhook))
        tile = page.locator(".tile", has_text="Delivered, last hour").locator(".much")
        before = await tile.inner_text()
        await house.platform.until_ended(await house.publish(partner, sample("reward.paid")))

        await expect(tile).not_to_have_text(before, timeout=PATIENCE_MS)
