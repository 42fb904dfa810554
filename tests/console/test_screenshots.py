"""Pictures of each page, in light and dark, on a desk and in a hand; ``script/screenshots`` puts them into docs."""

import asyncio
import base64
import contextlib
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, CDPSession, Page
from playwright.async_api import Error as PlaywrightError

from support.browser import DESKTOP, PHONE
from support.certificates import Authority
from support.console import ConsoleHouse, open_console
from support.https_receiver import HttpsReceiver
from support.scenery import furnished

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESKTOP, "color_scheme": "light"},
    "dark": {"viewport": DESKTOP, "color_scheme": "dark"},
    "phone-light": {"viewport": PHONE, "color_scheme": "light", "device_scale_factor": 1.5},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark", "device_scale_factor": 1.5},
}
SETTINGS = {
    "TIDINGS_RETRY_BASE": "0.4",
    "TIDINGS_RETRY_CAP": "1",
    "TIDINGS_RETRY_WINDOW": "3",
    "TIDINGS_ATTEMPT_TIMEOUT": "1",
    "TIDINGS_LEASE": "3",
}
WEBP = {"format": "webp", "quality": 70}
CAPTURES = 5
PAUSE_S = 0.5
OF_STRANGERS = 5
"""The login, a link to a partner's page, and what is behind it."""
MOST_BYTES = 3 * 1024 * 1024


async def test_a_picture_of_each_page(
    tmp_path: Path, request: pytest.FixtureRequest, authority: Authority, chromium: Browser
) -> None:
    folder = folder_for(request, tmp_path)
    async with (
        HttpsReceiver(authority) as receiver,
        open_console(tmp_path, authority, SETTINGS, receiver=receiver, chromium=chromium) as console,
    ):
        pages = await furnished(console)
        for look, options in LOOKS.items():
            await of_strangers(console, folder, look, options)
            async with console.visit(**options) as page:
                for name, path in pages.items():
                    await page.goto(path)
                    await keep(page, folder / f"{name}-{look}.webp")

    sizes = sizes_in(folder)
    assert len(sizes) == len(LOOKS) * (len(pages) + OF_STRANGERS)
    assert sum(sizes) <= MOST_BYTES


def folder_for(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = Path(request.config.getoption("--screenshots", default=None) or tmp_path / "pictures")
    folder.mkdir(exist_ok=True)
    return folder


def sizes_in(folder: Path) -> list[int]:
    return [picture.stat().st_size for picture in folder.glob("*.webp")]


async def of_strangers(console: ConsoleHouse, folder: Path, look: str, options: dict[str, Any]) -> None:
    made = await console.house.platform.http.post("/platform/v1/partners/northwind/portal-link")
    newest = (await console.house.platform.http.get("/platform/v1/deliveries?partner=northwind&limit=1")).json()
    (delivery,) = newest["result"]["deliveries"]
    async with console.stranger(**options) as opened:
        page = opened.page
        await page.goto("/console/login")
        await keep(page, folder / f"login-{look}.webp")
        await page.goto(made.json()["result"]["url"])
        await keep(page, folder / f"portal-link-{look}.webp")
        await page.get_by_role("button", name="Open the page").click()
        await page.get_by_role("button", name="Leave").wait_for()
        await keep(page, folder / f"portal-{look}.webp")
        await page.goto("/portal/deliveries")
        await keep(page, folder / f"portal-deliveries-{look}.webp")
        await page.goto(f"/portal/deliveries/{delivery['id']}")
        await keep(page, folder / f"portal-delivery-{look}.webp")


async def keep(page: Page, picture: Path) -> None:
    """Write down what is seen; as WebP, which Playwright itself does not make."""
    session = await page.context.new_cdp_session(page)
    taken = await captured(session)
    await asyncio.to_thread(picture.write_bytes, base64.b64decode(taken["data"]))
    await session.detach()


async def captured(session: CDPSession) -> dict[str, Any]:
    """Ask for the picture; again where Chromium had nothing drawn yet to copy, as on a busy machine."""
    for _ in range(CAPTURES - 1):
        with contextlib.suppress(PlaywrightError):
            return await session.send("Page.captureScreenshot", WEBP)
        await asyncio.sleep(PAUSE_S)
    return await session.send("Page.captureScreenshot", WEBP)
