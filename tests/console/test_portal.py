"""A partner at its own page, with a real browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Page, expect

from support.axe import findings
from support.browser import PHONE
from support.console import ConsoleHouse
from support.event_samples import marked, sample
from support.hostile_strings import ALL
from support.house import Partner, marker
from support.https_receiver import OK, Answer

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def at_the_page_of(console: ConsoleHouse, partner: Partner, **options: Any) -> AsyncIterator[Page]:  # noqa: ANN401
    made = await console.house.platform.http.post(f"/platform/v1/partners/{partner.name}/portal-link")
    async with console.stranger(**options) as opened:
        await opened.page.goto(made.json()["result"]["url"])
        await opened.page.get_by_role("button", name="Open the page").click()
        await expect(opened.page.get_by_role("button", name="Leave")).to_be_visible()
        yield opened.page


async def test_a_partner_finds_what_failed_and_has_it_sent_again(console: ConsoleHouse) -> None:
    house = console.house
    partner = await house.partner(Answer(status=500, body=b"oh dear"))
    await house.platform.until_ended(await house.publish(partner, sample("reward.paid")))
    house.receiver.script(partner.path, OK)
    async with at_the_page_of(console, partner) as page:
        await page.get_by_role("link", name="Deliveries").click()
        await page.get_by_label("State").select_option("failed")
        await page.wait_for_url("**state=failed**")
        await page.get_by_role("link", name="reward.paid").click()
        await expect(page.get_by_text("oh dear").first).to_be_visible()
        await page.get_by_role("button", name="Redeliver").click()
        await expect(page.get_by_role("status")).to_contain_text("Delivered")
    assert len(house.received(partner)) >= 2


async def test_a_partner_tests_switches_and_subscribes_its_webhook(console: ConsoleHouse) -> None:
    partner = await console.house.partner(events=["reward.paid"])
    async with at_the_page_of(console, partner) as page:
        await page.get_by_role("button", name="Send a test").click()
        await expect(page.get_by_role("status")).to_contain_text("The test arrived")

        await page.get_by_text("Subscribed to 1 of 12 events").click()
        await page.get_by_label("user.closed").check()
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Subscribed to 2 of 12 events")).to_be_visible()

        await page.get_by_text("Disable", exact=True).click()
        await page.get_by_role("button", name="Yes, disable").click()
        await page.get_by_role("button", name="Enable").click()
        await expect(page.get_by_role("button", name="Send a test")).to_be_visible()


async def test_an_operator_hands_a_link_over(console: ConsoleHouse) -> None:
    partner = await console.house.partner()
    async with console.visit() as page:
        await page.goto(f"/console/partners/{partner.name}")
        await page.get_by_role("button", name="Make a link to its own page").click()
        link = await page.get_by_role("status").locator("code").inner_text()
    async with console.stranger() as opened:
        await opened.page.goto(link)
        await opened.page.get_by_role("button", name="Open the page").click()
        await expect(opened.page.get_by_text(partner.webhook).first).to_be_visible()


async def test_a_link_shows_nothing_of_another_partner_whatever_is_typed_into_the_address_bar(
    console: ConsoleHouse,
) -> None:
    house = console.house
    mine, other, mark = await house.partner(), await house.partner(), marker()
    own = [await house.publish(mine) for _ in range(2)]
    theirs = await house.publish(other, marked(mark))
    event = (await house.platform.until_ended(theirs))["delivery"]["event"]
    own.append(await house.publish(mine))
    for name in own:
        await house.platform.until_ended(name)
    of_the_other = {other.name, other.webhook, theirs, event, mark}

    async with at_the_page_of(console, mine) as page:
        for path in (f"/portal/deliveries/{theirs}", f"/portal/webhooks/{other.webhook}", f"/portal/events/{event}"):
            assert await _status(page, path) == 404
            assert await _shown(page, of_the_other, typed=path) == set(), path
        lists = {
            "/portal": set(own),
            "/portal/deliveries": set(own),
            f"/portal/deliveries?partner={other.name}": set(own),
            f"/portal/deliveries?partner={other.name}&partner={mine.name}": set(own),
            f"/portal/deliveries?webhook={mine.webhook}": set(own),
            f"/portal/deliveries?webhook={other.webhook}": set(),
            f"/portal/deliveries?event={event}": set(),
            f"/portal/deliveries?partner={other.name}&webhook={other.webhook}&event={event}": set(),
            f"/portal/deliveries?before={theirs}": set(own[:2]),
            f"/portal/deliveries?before={theirs}&trail={theirs}": set(own[:2]),
            f"/portal/deliveries?before={theirs}&webhook={other.webhook}": set(),
        }
        for path, expected in lists.items():
            assert await _status(page, path) == 200
            assert await _listed(page) == expected, path
            assert await _shown(page, of_the_other, typed=path) == set(), path
        for act in (f"deliveries/{theirs}/redeliver", f"webhooks/{other.webhook}/disable"):
            assert await _status(page, f"/portal/{act}") == 405
        for path in ("/console", f"/console/partners/{other.name}", f"/console/deliveries/{theirs}"):
            await page.goto(path)
            await expect(page.get_by_role("button", name="Log in")).to_be_visible()
            assert await _shown(page, of_the_other, typed=path) == set(), path
    assert len(house.received(other)) == 1


async def _status(page: Page, path: str) -> int:
    answer = await page.goto(path)
    assert answer is not None
    return answer.status


async def _shown(page: Page, words: set[str], *, typed: str) -> set[str]:
    """Return which of ``words`` are anywhere in the document, but for those that its visitor typed."""
    content = await page.content()
    return {word for word in words if word in content and word not in typed}


async def _listed(page: Page) -> set[str]:
    """Return the deliveries that the page leads to."""
    links = await page.locator("main a[href*='/deliveries/']").evaluate_all("all => all.map(one => one.pathname)")
    return {link.removeprefix("/portal/deliveries/") for link in links}


async def test_axe_finds_nothing_serious_on_the_way_in_and_where_something_was_done(console: ConsoleHouse) -> None:
    partner = await console.house.partner()
    made = await console.house.platform.http.post(f"/platform/v1/partners/{partner.name}/portal-link")
    link, found = made.json()["result"]["url"], list[str]()
    async with console.stranger() as opened:
        page = opened.page
        await page.goto(link)
        found += await findings(page)
        await page.get_by_role("button", name="Open the page").click()
        await page.get_by_role("button", name="Send a test").click()
        await page.get_by_role("status").wait_for()
        found += await findings(page)
        # It works once.
        await page.goto(link)
        await page.get_by_role("button", name="Open the page").click()
        await page.get_by_role("alert").wait_for()
        found += await findings(page)
    assert found == []


async def test_hostile_strings_are_text_on_the_partner_page_too_and_axe_is_content(console: ConsoleHouse) -> None:
    house = console.house
    partner = await house.partner(Answer(status=200, body="".join(ALL).encode("utf-8", "replace")))
    payload = {**sample("quote.cancelled"), "hostile": list(ALL)}
    delivery = await house.publish(partner, payload)
    await house.platform.until_ended(delivery)
    async with at_the_page_of(console, partner, viewport=PHONE) as page:
        for path in ("/portal", "/portal/deliveries", f"/portal/deliveries/{delivery}", "/portal/nothing"):
            await page.goto(path)
            assert await findings(page) == []
            assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
            assert await page.locator("main script, main style, main iframe").count() == 0
