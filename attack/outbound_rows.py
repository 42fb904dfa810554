"""Section 5: whatever a receiver does, an attempt ends in time, with its one outcome, and tells nothing more."""

import json
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import partial

from attack.console_login import LoggedIn, log_in
from attack.page_rows import Browser
from attack.points import publish_to
from attack.portal_visit import enter, link_to
from attack.receivers import BODY_MARK, MARK, MISBEHAVING, STATUSES, TAIL_MARK, TALKATIVE, Kind, listening
from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import Hook, Site, Stage

_HERE = Section.OUTBOUND
_TIMEOUT_S = 4.0
_GRACE_S = 0.5
_GRACE_OF_TESTS_S = 5.0
"""Half a second is held in a long run, on a machine that does nothing else; tests share theirs with others."""
_EXCERPT = 1024
_OK = 200
_ANSWER = re.compile(r'<pre tabindex="0" class="wire" dir="auto">.*?</pre>', re.DOTALL)
"""Where a page shows what a receiver answered."""
_EXCERPTS = {("attempts", "response_excerpt"), ("webhook_tests", "response_excerpt")}


async def _outcomes(stage: Stage, size: Size, *, kinds: Sequence[Kind]) -> Tally:
    """Deliver to every kind; each attempt has its outcome by the deadline."""
    tally, site = Tally(), await stage.site()
    longest, grace = 0, _GRACE_S if size.every == 1 else _GRACE_OF_TESTS_S
    with listening(stage, kinds) as names:
        hooks = await site.hooks(list(names))
        by_url = {f"https://{name}/hook": kind for name, kind in names.items()}
        for one in await publish_to(site, hooks):
            kind = by_url[one["url"]]
            attempts = (await site.platform.delivery(one["id"]))["attempts"]
            # The first one: some receivers leave later requests on the same connection without an answer.
            outcome = attempts[0]["outcome"]
            took = max(attempt["duration_ms"] for attempt in attempts)
            longest = max(longest, took)
            ended = took <= (_TIMEOUT_S + grace) * 1000
            tally.check(outcome == kind.outcome and ended, f"{kind.name}: {outcome} after {took} ms")
            tally.saw("attempts", len(attempts))
    tally.note(f"longest attempt {longest} ms of {_TIMEOUT_S * 1000:.0f} allowed")
    return tally


async def _tells_nothing(stage: Stage, _size: Size) -> Tally:
    """Write a mark wherever a receiver can write, and look for it wherever the service writes."""
    tally = Tally()
    async with stage.own_site() as site:
        with listening(stage, TALKATIVE) as names:
            hooks = await site.hooks(list(names))
            for hook in hooks:
                await _test(tally, hook, names[hook.host])
            deliveries = await publish_to(site, hooks)
            for one in deliveries:
                await _shown(tally, site, str(one["id"]))
            await _on_pages(tally, site, hooks, [str(one["id"]) for one in deliveries])
        said = [site.service.stderr, *site.service.stdout, await site.platform.metrics()]
        _hold_clean(tally, "logs and metrics", "\n".join(said), MARK, BODY_MARK, TAIL_MARK)
        _kept(tally, site)
    return tally


async def _test(tally: Tally, hook: Hook, kind: Kind) -> None:
    report = (await hook.client.call("POST", f"/b2b/webhooks/{hook.id}/test")).result
    body = report.pop("response_body")
    _hold_clean(tally, f"test of {kind.name}", json.dumps(report), MARK, BODY_MARK, TAIL_MARK)
    _excerpt(tally, kind.name, body)


async def _shown(tally: Tally, site: Site, delivery: str) -> None:
    view = await site.platform.delivery(delivery)
    for attempt in view["attempts"]:
        _excerpt(tally, delivery, attempt.pop("response_excerpt"))
    _hold_clean(tally, f"delivery {delivery}", json.dumps(view), MARK, BODY_MARK, TAIL_MARK)


async def _on_pages(tally: Tally, site: Site, hooks: Sequence[Hook], deliveries: Sequence[str]) -> None:
    """Look at the console's and the partner's own pages of it all; the one allowed place is an attempt's answer."""
    browser = Browser(site=site)
    made = await site.installation.ask("operator", "create", "onlooker", "--role", "operator")
    operator = await log_in(browser.send, origin=browser.origin, name="onlooker", password=made["password"])
    consoles = [*(f"/webhooks/{hook.id}" for hook in hooks), "", "/events", f"/partners/{hooks[0].partner}", "/audit"]
    await _read(tally, browser, operator, "/console", consoles, deliveries)
    for partner in {hook.partner for hook in hooks}:
        guest = await enter(browser.send, await link_to(site, partner), origin=browser.origin)
        own = [one["id"] for one in await site.platform.deliveries(partner=partner)]
        await _read(tally, browser, guest, "/portal", [""], own)


async def _read(
    tally: Tally, browser: Browser, visitor: LoggedIn, prefix: str, pages: Sequence[str], deliveries: Sequence[str]
) -> None:
    for page in ("/deliveries", *pages, *(f"/deliveries/{one}" for one in deliveries)):
        answer = await browser.send("GET", f"{prefix}{page}", [visitor.cookie])
        text = answer.body.decode()
        tally.check(answer.status == _OK, f"{prefix}{page}: {answer.status}")
        _hold_clean(tally, f"{prefix}{page}", text, MARK, TAIL_MARK)
        _hold_clean(tally, f"{prefix}{page} beside the answers", _ANSWER.sub("", text), BODY_MARK)
        tally.saw("answers on pages", len(_ANSWER.findall(text)))


def _excerpt(tally: Tally, what: str, text: str | None) -> None:
    """The first bytes of a body, as text that any database and any JSON parser takes."""
    if text is None:
        tally.tried += 1
        return
    clean = "\x00" not in text and len(text) <= _EXCERPT and TAIL_MARK not in text and MARK not in text
    tally.check(clean, f"excerpt of {what}: {text[:100]!r} of {len(text)}")
    tally.saw("excerpts")


def _kept(tally: Tally, site: Site) -> None:
    """Look through every column of the database."""
    with closing(sqlite3.connect(site.url.removeprefix("sqlite:///"))) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall():
            cursor = connection.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in cursor.description]
            for row in cursor:
                for column, value in zip(columns, row, strict=True):
                    marks = (MARK, TAIL_MARK) if (table, column) in _EXCERPTS else (MARK, TAIL_MARK, BODY_MARK)
                    tally.hold(not any(mark in str(value) for mark in marks), f"{table}.{column}: {str(value)[:80]!r}")


def _hold_clean(tally: Tally, where: str, text: str, *marks: str) -> None:
    for mark in marks:
        at = text.find(mark)
        tally.check(at < 0, f"{where}: {text[max(0, at - 60) : at + 60]!r}")


ROWS = (
    Row(
        name="misbehaving-receivers",
        section=_HERE,
        attack="; ".join(kind.name for kind in MISBEHAVING),
        expected="each its one outcome, every attempt ended by the deadline + 0.5 s",
        play=partial(_outcomes, kinds=MISBEHAVING),
    ),
    Row(
        name="statuses",
        section=_HERE,
        attack="statuses of every class, interim ones with nothing after them",
        expected="2xx `ok`, 3xx `redirect_refused`, 101, 4xx and 5xx `http_status`, other interim ones `timeout`",
        play=partial(_outcomes, kinds=STATUSES),
    ),
    Row(
        name="tells-nothing",
        section=_HERE,
        attack="a mark in every place where a receiver can write: status line, headers, body, banner, certificate",
        expected="found nowhere, no page of the console or of the partner among them, but in `response_body` and the "
        "excerpt: the body's first 1,024 bytes, as clean text",
        play=_tells_nothing,
    ),
)
