"""Whatever a partner, a publisher or a receiver writes is text on every page, and nothing else."""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
from playwright.async_api import Page

from support.console import ConsoleHouse
from support.event_samples import EVENT_TYPES, sample
from support.hostile_strings import ALL
from support.house import Partner
from support.https_receiver import Answer

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOUTS = "".join(ALL)
NOT_OURS = (
    *("style", "iframe", "object", "embed", "base", "math", "template", "animate", "mglyph", "noscript"),
    *("[style]", "[contenteditable]", "[srcdoc]", "meta[http-equiv]"),
    *("script:not([src^='/console/assets/'])", "img:not([src^='/console/assets/'])"),
    *("link:not([href^='/console/assets/'])", "form:not([action^='/console'])"),
)
FOREIGN = """(selector) => [
  ...document.querySelectorAll(selector),
  ...[...document.querySelectorAll("*")].filter((one) =>
    one.getAttributeNames().some((name) => name.startsWith("on"))
    || (typeof one.href === "string" && !one.href.startsWith(location.origin))),
].map((one) => one.outerHTML)"""
HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@dataclass(frozen=True)
class Attacked:
    """What was made out of hostile strings, and the pages that show it."""

    partner: Partner
    paths: tuple[str, ...]


async def test_no_hostile_string_runs_or_breaks_a_page(console: ConsoleHouse, attacked: Attacked) -> None:
    async with console.visit() as page:
        for path in attacked.paths:
            await page.goto(path)
            await settle(page)
            assert await foreign(page) == [], path
            assert await hidden_on(page) == set(), path
            assert await page.locator("main").count() == 1, path
            assert await page.get_by_role("button", name="Log out").is_visible(), path
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width <= 1280, f"{path} is {width} px wide"


async def test_each_hostile_string_can_be_read_on_the_page_of_its_event(
    console: ConsoleHouse, attacked: Attacked
) -> None:
    async with console.visit() as page:
        await page.goto(attacked.paths[0])
        shown = await page.locator("pre.wire").first.inner_text()

    for text in ALL:
        spelt = "".join(seen(json.dumps(text, ensure_ascii=False)[1:-1]))
        assert "".join(spelt.split()) in "".join(shown.split()), repr(text)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "\u202e"])
async def test_a_hostile_address_is_text_too(console: ConsoleHouse, text: str) -> None:
    async with console.visit() as page:
        for path, name in (
            ("/console/deliveries", "partner"),
            ("/console/events", "idempotency_key"),
            ("/console/audit", "actor"),
            ("/console/deliveries", "state"),
            ("/console/find", "id"),
            ("/console/login", "next"),
        ):
            await page.goto(f"{path}?{name}={quote(text)}")
            await settle(page)
            assert await foreign(page) == []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def attacked(console: ConsoleHouse) -> Attacked:
    return await attack(console)


async def attack(console: ConsoleHouse) -> Attacked:
    """Publish, register and answer with every hostile string in every field that takes it."""
    house = console.house
    name, client = await house.bare_partner()
    await house.platform.http.patch(f"/platform/v1/partners/{name}", json={"name": "<script>alert(1)</script>"})
    path = f"/{name}?q={{{{7*7}}}}&x=%3Cscript%3Ealert(1)%3C/script%3E"
    house.receiver.script(path, Answer(status=500, body=SHOUTS.encode("utf-8", "replace") + b"\xff\x00\xed\xa0\x80"))
    registered = await client.register(house.receiver.url(path), events=list(EVENT_TYPES))
    partner = Partner(name=name, path=path, client=client, webhook=registered["webhook"]["id"], secret="")
    published = [await publish(console, name, number, payload) for number, payload in enumerate(payloads())]
    for each in published:
        await house.platform.until_ended(each["deliveries"][0])
    keyed = published[-1]
    return Attacked(
        partner,
        (
            f"/console/events/{published[0]['id']}",
            *(f"/console/events/{each['id']}" for each in published[1:4]),
            *(f"/console/deliveries/{each['deliveries'][0]}" for each in published[:3]),
            f"/console/partners/{name}",
            f"/console/webhooks/{partner.webhook}",
            f"/console/deliveries?partner={name}",
            f"/console/events?partner={name}",
            f"/console/events/{keyed['id']}",
            f"/console/audit?partner={name}",
            "/console/partners",
            "/console/webhooks",
            "/console",
        ),
    )


def payloads() -> Iterator[dict[str, Any]]:
    """Yield events whose fields, and the names of whose fields, are hostile."""
    yield {**sample("quote.cancelled"), "hostile": list(ALL)}
    yield {**sample("quote.cancelled"), **{text[:64]: number for number, text in enumerate(ALL)}}
    yield {
        **sample("quote.cancelled"),
        "id": "<img src=x onerror=alert(1)>",
        "iiban": "\u202e<b>",
        "reason": "\u200b" * 99,
    }
    for text in ALL:
        if text and "\x00" not in text:
            yield {**sample("quote.cancelled"), "reason": text[:255]}


async def publish(console: ConsoleHouse, partner: str, number: int, payload: dict[str, Any]) -> dict[str, Any]:
    allowed = "".join(letter for letter in ALL[number % len(ALL)] if letter.isprintable())
    key = f"{allowed[:200]}{number}"
    (made,) = await console.house.platform.publish({"partner": partner, "payload": payload, "idempotency_key": key})
    return made


async def settle(page: Page) -> None:
    """Point at everything that could be pointed at, so that what waits for it happens."""
    await page.evaluate(
        """for (const one of document.querySelectorAll("main *"))
             for (const kind of ["mouseover", "focus", "toggle", "blur"]) one.dispatchEvent(new Event(kind))"""
    )


async def foreign(page: Page) -> list[str]:
    """Return elements and attributes on the page that no template of ours makes."""
    found: list[str] = await page.evaluate(FOREIGN, ", ".join(NOT_OURS))
    return found


async def hidden_on(page: Page) -> set[str]:
    """Return the characters on the page that nobody sees."""
    text: str = await page.evaluate("document.body.innerText")
    return {hex(ord(letter)) for letter in text if unicodedata.category(letter) in HIDDEN and letter not in "\n\t"}


def seen(text: str) -> Iterator[str]:
    for letter in text:
        hidden = unicodedata.category(letter) in {*HIDDEN, "Co", "Cn"} or letter in "\u034f\u115f\u3164\u2800"
        yield f"U+{ord(letter):04X}" if hidden or (letter != " " and unicodedata.category(letter) == "Zs") else letter
