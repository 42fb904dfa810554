"""A house whose console is visited by operators with a real browser."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from support.browser import Window, window
from support.certificates import Authority
from support.house import House, open_house
from support.https_receiver import HttpsReceiver


@dataclass(frozen=True)
class Account:
    """Somebody who may log in."""

    name: str
    password: str


@dataclass
class ConsoleHouse:
    """The house, the browser, and one operator of each role."""

    house: House
    chromium: Browser
    operator: Account
    viewer: Account

    @property
    def url(self) -> str:
        return self.house.service.url

    async def account(self, name: str, *, role: str = "operator") -> Account:
        made = await self.house.installation.ask("operator", "create", name, "--role", role)
        return Account(name, made["password"])

    @asynccontextmanager
    async def stranger(self, **options: Any) -> AsyncIterator[Window]:  # noqa: ANN401 - Playwright's options
        async with window(self.chromium, self.url, **options) as opened:
            yield opened

    @asynccontextmanager
    async def visit(self, account: Account | None = None, **options: Any) -> AsyncIterator[Page]:  # noqa: ANN401
        """Open a window of somebody who is logged in, the operator if nobody else."""
        async with self.stranger(**options) as opened:
            await log_in(opened.page, account or self.operator)
            yield opened.page


async def log_in(page: Page, account: Account) -> None:
    await page.goto("/console/login")
    await page.get_by_label("Name").fill(account.name)
    await page.get_by_label("Password").fill(account.password)
    await page.get_by_role("button", name="Log in").click()
    await page.wait_for_url(lambda url: "/login" not in url)


@asynccontextmanager
async def open_console(
    folder: Path, authority: Authority, settings: Mapping[str, str], *, receiver: HttpsReceiver, chromium: Browser
) -> AsyncIterator[ConsoleHouse]:
    async with open_house(folder, authority, settings, receiver=receiver) as house:
        made = ConsoleHouse(house, chromium, Account("", ""), Account("", ""))
        made.operator = await made.account("olivia")
        made.viewer = await made.account("victor", role="viewer")
        yield made
