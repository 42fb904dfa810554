"""What an operator does most: find a delivery that failed, see why, send it again, watch it arrive."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from support.certificates import Authority
from support.console import ConsoleHouse, open_console
from support.event_samples import sample
from support.https_receiver import OK, Answer, HttpsReceiver

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_failed_delivery_is_found_read_sent_again_and_arrives(console: ConsoleHouse) -> None:
    house = console.house
    broken = Answer(status=503, body=b"we are moving house")
    partner = await house.partner(broken)
    await house.platform.until_ended(await house.publish(partner, sample("reward.paid")))
    house.receiver.script(partner.path, OK)
    async with console.visit() as page:
        await page.goto("/console/deliveries")
        await page.get_by_label("Partner").fill(partner.name)
        await page.get_by_label("State").select_option("failed")
        await page.wait_for_url("**state=failed**")
        await page.get_by_role("link", name="reward.paid").click()

        await expect(page.get_by_role("status")).to_contain_text("Failed for good")
        await expect(page.get_by_text("we are moving house").first).to_be_visible()

        await page.get_by_role("button", name="Redeliver").click()
        await expect(page.get_by_role("status")).to_contain_text("Delivered")
        await expect(page.get_by_text("Redelivery of")).to_be_visible()
    assert house.received(partner)[-1].header("X-Webhook-Event") == "reward.paid"


async def test_a_delivery_can_be_sent_again_once_it_has_ended_while_its_page_stays_open(
    tmp_path: Path, authority: Authority, chromium: Browser
) -> None:
    answered = asyncio.Event()
    async with (
        HttpsReceiver(authority) as receiver,
        open_console(tmp_path, authority, {}, receiver=receiver, chromium=chromium) as console,
    ):
        partner = await console.house.partner(Answer(after=answered))
        delivery = await console.house.publish(partner, sample("reward.paid"))
        await receiver.until_received(1, partner.path)
        async with console.visit() as page:
            await page.goto(f"/console/deliveries/{delivery}")
            again = page.get_by_role("button", name="Redeliver")
            await expect(page.get_by_role("heading", level=1)).to_contain_text("in flight")
            await expect(again).to_have_count(0)

            answered.set()

            await expect(page.get_by_role("heading", level=1)).to_contain_text("delivered")
            await again.click()
            await expect(page.get_by_text("Redelivery of")).to_be_visible()


async def test_the_request_on_the_page_is_the_one_that_the_receiver_saw(console: ConsoleHouse) -> None:
    house = console.house
    partner = await house.partner()
    delivery = await house.publish(partner, sample("quote.executed"))
    (seen,) = await house.receiver.until_received(1, partner.path)
    await house.platform.until_ended(delivery)
    async with console.visit() as page:
        await page.goto(f"/console/deliveries/{delivery}")
        shown = await page.locator("pre.wire").first.inner_text()

    head = [seen.request_line, *(name + b": " + value for name, value in seen.headers)]
    lines = shown.splitlines()
    assert lines[: len(head)] == [line.decode() for line in head]
    assert "".join("\n".join(lines[len(head) :]).split()) == "".join(seen.body.decode().split())


async def test_attempts_become_rows_as_they_end(console: ConsoleHouse) -> None:
    house = console.house
    partner, other = await house.partner(), await house.partner()
    await house.platform.until_ended(await house.publish(partner, sample("user.closed")))
    async with console.visit() as page:
        await page.goto(f"/console/deliveries?partner={partner.name}")
        await expect(page.locator("#deliveries tr")).to_have_count(1)
        async with page.expect_request("**/console/live**"):
            await page.get_by_role("button", name="Live").click()
        # The stream tells what ends after it was opened: go on until it has told something.
        shown = page.locator("#deliveries tr.fresh")
        while not await shown.count():
            await house.publish(other, sample("user.closed"))
            await house.platform.until_ended(await house.publish(partner, sample("reward.paid")))
            await page.wait_for_timeout(300)

        await expect(shown.first).to_contain_text("reward.paid")
        assert other.name not in await page.locator("#deliveries").inner_text()
        await page.get_by_role("button", name="Live").click()
        await expect(page.get_by_role("button", name="Live")).to_have_attribute("aria-pressed", "false")
