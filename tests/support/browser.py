"""A real Chromium, and a page in it that tells of everything it should not have seen.

Owns how the browser is found and started. Refuses to let a dialog, a broken policy or an error of a script pass.
"""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, async_playwright

DESKTOP = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
WITHIN_MS = 30_000

_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_TELL_OF_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error("CSP " + event.violatedDirective + " " + event.blockedURI));
"""


def executable() -> str:
    """Return the browser of this machine; ``script/system`` installs one."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    assert found is not None, "there is no Chromium here: run script/system"
    return found


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Start Chromium without a window."""
    flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    async with async_playwright() as player:
        up = await player.chromium.launch(executable_path=executable(), args=flags)
        try:
            yield up
        finally:
            await up.close()


@dataclass
class Window:
    """One page, and what went wrong on it."""

    page: Page
    wrong: list[str] = field(default_factory=list)

    async def _dismiss(self, dialog: Dialog) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    def _hear(self, message: ConsoleMessage) -> None:
        # A refusal that a test asks for is told by the browser too; only what concerns a policy or a script counts.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.wrong.append(f"console: {message.text}")

    def _fail(self, error: object) -> None:
        self.wrong.append(f"script: {error}")

    def listen(self) -> None:
        self.page.on("dialog", self._dismiss)
        self.page.on("console", self._hear)
        self.page.on("pageerror", self._fail)


@asynccontextmanager
async def window(chromium: Browser, url: str, **options: Any) -> AsyncIterator[Window]:  # noqa: ANN401 - Playwright's
    """Open a window of its own, without cookies; at the end nothing may have gone wrong in it."""
    wanted: dict[str, Any] = {"viewport": DESKTOP, "timezone_id": "Europe/Berlin", "locale": "en-GB"}
    context: BrowserContext = await chromium.new_context(base_url=url, **(wanted | options))
    context.set_default_timeout(WITHIN_MS)
    await context.add_init_script(_TELL_OF_VIOLATIONS)
    opened = Window(await context.new_page())
    opened.listen()
    try:
        yield opened
        assert opened.wrong == [], opened.wrong
    finally:
        await context.close()
