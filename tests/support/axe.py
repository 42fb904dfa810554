"""axe in the browser: what hinders those who do not see a page, or do not use a mouse.

Owns in which looks a page is judged: in light and dark, on a desk and in a hand, with all open that can be opened.
"""

from typing import Literal, NamedTuple

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, ViewportSize

from support.browser import DESKTOP, PHONE


class _Look(NamedTuple):
    name: str
    size: ViewportSize
    colours: Literal["light", "dark"]


_DESK: ViewportSize = {"width": DESKTOP["width"], "height": DESKTOP["height"]}
_HAND: ViewportSize = {"width": PHONE["width"], "height": PHONE["height"]}
_LOOKS = (
    _Look("light, on a desk", _DESK, "light"),
    _Look("dark, on a desk", _DESK, "dark"),
    _Look("dark, in a hand", _HAND, "dark"),
    _Look("light, in a hand", _HAND, "light"),
)
# The page itself chooses what counts: all that axe has to say is long.
_SERIOUS = """
async () => (await axe.run({resultTypes: ["violations"]})).violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .flatMap((one) => one.nodes.slice(0, 3).map((node) => `${one.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`))
"""
_OPEN_ALL = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"


async def findings(page: Page) -> list[str]:
    """Return what is serious on the page that is shown, in any look. It is left as the last look has it, all open."""
    await page.evaluate(Axe().axe_script)
    found: list[str] = []
    for look in _LOOKS:
        await page.set_viewport_size(look.size)
        # Without motion: half-way from one colour to another, nothing is to be judged.
        await page.emulate_media(color_scheme=look.colours, reduced_motion="reduce")
        found += [f"{page.url}, {look.name}: {told}" for told in await page.evaluate(_SERIOUS)]
    await page.evaluate(_OPEN_ALL)
    return found + [f"{page.url}, all open: {told}" for told in await page.evaluate(_SERIOUS)]
