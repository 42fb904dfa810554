"""One house with a console, one browser; every test opens a window of its own."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from support.browser import browser
from support.certificates import Authority
from support.console import ConsoleHouse, open_console
from support.https_receiver import HttpsReceiver

SETTINGS = {
    "TIDINGS_RETRY_BASE": "0.3",
    "TIDINGS_RETRY_WINDOW": "2",
    "TIDINGS_ATTEMPT_TIMEOUT": "1",
    "TIDINGS_LEASE": "3",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="FOLDER", help="where the pictures of the pages are kept")


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with browser() as up:
        yield up


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def console(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, chromium: Browser
) -> AsyncIterator[ConsoleHouse]:
    folder = tmp_path_factory.mktemp("console")
    async with (
        HttpsReceiver(authority) as receiver,
        open_console(folder, authority, SETTINGS, receiver=receiver, chromium=chromium) as house,
    ):
        yield house
