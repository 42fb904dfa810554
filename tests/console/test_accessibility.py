"""Every page, wide and narrow, light and dark, as those need it who do not see it or do not use a mouse."""

import pytest
from playwright.async_api import expect

from support.axe import findings
from support.browser import PHONE
from support.console import ConsoleHouse
from support.console_pages import all_pages

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_axe_finds_nothing_serious_on_any_page_of_the_console(console: ConsoleHouse) -> None:
    found: list[str] = []
    async with console.stranger() as opened:
        page = opened.page
        await page.goto("/console/login")
        found += await findings(page)
        await page.get_by_label("Name").fill("nobody")
        await page.get_by_label("Password").fill("wrong")
        await page.get_by_role("button", name="Log in").click()
        await page.get_by_role("alert").wait_for()
        found += await findings(page)
    async with console.visit() as page:
        for path in (await all_pages(console)).values():
            await page.goto(path)
            found += await findings(page)
    assert found == []


async def test_no_page_is_wider_than_a_phone(console: ConsoleHouse) -> None:
    async with console.visit(viewport=PHONE) as page:
        for name, path in (await all_pages(console)).items():
            await page.goto(path)
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width <= PHONE["width"], f"{name} is {width} px wide"


async def test_the_first_key_leads_to_the_content_and_the_next_ones_to_everything(console: ConsoleHouse) -> None:
    async with console.visit() as page:
        await page.goto("/console/deliveries")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Live")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.get_by_label("State")).to_be_focused()
        outline = await page.get_by_label("State").evaluate("one => getComputedStyle(one).outlineStyle")
        assert outline == "solid"


async def test_times_are_local_and_utc_for_who_points_at_them(console: ConsoleHouse) -> None:
    pages = await all_pages(console)
    async with console.visit(timezone_id="Asia/Tokyo") as page:
        await page.goto(pages["delivery"])
        time = page.locator("main time").first
        given = await time.get_attribute("datetime")
        assert given is not None
        hour = int(given[11:13])
        title = await time.get_attribute("title")
        assert title == f"{given[:-1].replace('T', ' ')} UTC"
        await expect(time).to_contain_text(f"{(hour + 9) % 24:02d}:{given[14:19]}")


async def test_everything_is_there_without_the_script(console: ConsoleHouse) -> None:
    pages = await all_pages(console)
    async with console.visit(java_script_enabled=False) as page:
        await page.goto(pages["delivery"])
        await expect(page.locator("main time").first).to_contain_text("UTC")
        await page.get_by_role("button", name="Redeliver").click()
        await expect(page.get_by_text("Redelivery of")).to_be_visible()
