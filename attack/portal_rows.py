"""Section 6: the partner page in the hands of another partner, and links in the hands of whoever finds them."""

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from attack.console_login import LoggedIn, session_of
from attack.holdings import rows_of
from attack.page_rows import Browser, foreign_origins
from attack.portal_visit import OPEN, PORTAL, click, enter, link_to, set_by
from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import Stage
from attack.tenant_rows import bare
from support.partner_client import Answered, Header

_HERE = Section.PAGES
_AT_ONCE = 20
_SHORT_S = "0.001"
_ACTS = ("test", "disable", "enable", "events", "rotate-secret", "delete")


@dataclass(frozen=True, kw_only=True)
class _Guest:
    """A partner at its page, and everything of it that another one may have heard of."""

    browser: Browser
    name: str
    session: LoggedIn
    webhook: str
    delivery: str
    event: str

    async def send(self, method: str, target: str, fields: Sequence[tuple[str, str]] = ()) -> Answered:
        """Ask as the partner's own page does."""
        form = urlencode([("form_token", self.session.token), *fields]).encode() if method == "POST" else b""
        return await self.browser.send(method, target, self.session.headers(self.browser.origin), form)


async def _guest(stage: Stage, browser: Browser) -> _Guest:
    (hook,) = await browser.site.hooks(stage.names("guest", 1))
    (delivery,) = await browser.site.publish(hook.partner)
    session = await enter(browser.send, await link_to(browser.site, hook.partner), origin=browser.origin)
    return _Guest(
        browser=browser,
        name=hook.partner,
        session=session,
        webhook=hook.id,
        delivery=str(delivery["id"]),
        event=str(delivery["event"]),
    )


async def _foreign_ids(stage: Stage, _size: Size) -> Tally:
    """Every page and every act with the other's ids, in both directions, beside the same with ids that nobody has."""
    tally = Tally()
    async with stage.own_site() as site:
        one, two = [await _guest(stage, Browser(site=site)) for _ in range(2)]
        for guest, other in ((one, two), (two, one)):
            before = rows_of(site, but_key="")
            for name in (other.webhook, other.delivery, other.event):
                await _try_acts(tally, guest, name)
            await _try_lists(tally, guest, other)
            after = rows_of(site, but_key="")
            tally.hold(before == after, f"the database changed: {set(before) ^ set(after)}")
            tally.hold(bool(before), "nothing was compared")
            tally.note(f"{len(before)} rows of the database compared")
        await _own_succeeds(tally, one)
    return tally


async def _try_acts(tally: Tally, guest: _Guest, name: str) -> None:
    for spelling in (name, name.swapcase(), f"{name};", f"{name}%20", name.replace(name[2], f"%{ord(name[2]):X}", 1)):
        for method, target in _targets(spelling):
            fields = [("event", "user.closed")] if target.endswith("/events") else []
            foreign = await guest.send(method, target, fields)
            unknown = await guest.send(method, target.replace(spelling, _twin(spelling)), fields)
            same = bare(foreign) == bare(_as_if(unknown, _twin(spelling), spelling))
            tally.check(foreign.status in {404, 405} and same, f"{method} {target}: {foreign} {unknown}")
            tally.saw(f"status {foreign.status}:")


def _targets(name: str) -> Iterable[tuple[str, str]]:
    delivery, webhook = f"{PORTAL}/deliveries/{name}", f"{PORTAL}/webhooks/{name}"
    acts = (delivery, f"{delivery}/redeliver", webhook, *(f"{webhook}/{act}" for act in _ACTS))
    yield from itertools.product(("GET", "POST"), acts)
    yield "GET", f"{PORTAL}/events/{name}"


async def _try_lists(tally: Tally, guest: _Guest, other: _Guest) -> None:
    """Ask the list for the other's things: what it shows must not depend on whether they exist."""
    for field, name in _questions(other):
        target = f"{PORTAL}/deliveries?{urlencode({field: name})}"
        foreign = await guest.send("GET", target)
        unknown = await guest.send("GET", target.replace(name, _twin(name)))
        same = bare(foreign) == bare(_as_if(unknown, _twin(name), name))
        tally.check(foreign.status in {200, 400} and same, f"{target}: {foreign} {unknown}")
        _hold_apart(tally, target, foreign.body.decode().replace(name, ""), other)
    for target in (PORTAL, f"{PORTAL}/deliveries", f"{PORTAL}/deliveries/{guest.delivery}"):
        answer = await guest.send("GET", target)
        tally.check(answer.status == 200 and guest.delivery in answer.body.decode(), f"{target}: {answer}")
        _hold_apart(tally, target, answer.body.decode(), other)


def _questions(other: _Guest) -> Iterable[tuple[str, str]]:
    fields = ("partner", "webhook", "event", "event_type", "state", "before", "trail", "cursor", "id", "delivery")
    return itertools.product(fields, (other.webhook, other.event, other.delivery, other.name))


def _hold_apart(tally: Tally, where: str, text: str, other: _Guest) -> None:
    for name in (other.webhook, other.event, other.delivery, f"{other.name}<", f'{other.name}"'):
        tally.hold(name not in text, f"{where} shows {name} of {other.name}")


async def _own_succeeds(tally: Tally, guest: _Guest) -> None:
    """What was refused with the other's ids is done with one's own."""
    done = [await guest.send("POST", f"{PORTAL}/webhooks/{guest.webhook}/{act}") for act in _ACTS[:3]]
    done.append(await guest.send("POST", f"{PORTAL}/deliveries/{guest.delivery}/redeliver"))
    statuses = [answer.status for answer in done]
    tally.check(statuses == [200, 303, 303, 303], f"with its own ids: {statuses}")


def _twin(name: str) -> str:
    """Return an id that nobody has, of the same moment: its last letter is another one."""
    bare_name, end = (name[:-3], name[-3:]) if name.endswith("%20") else (name.rstrip(";"), ";" * name.endswith(";"))
    return f"{bare_name[:-1]}{'3' if bare_name[-1] == '2' else '2'}{end}"


def _as_if(answer: Answered, asked: str, meant: str) -> Answered:
    """Return ``answer`` as it would be had it been asked for ``meant``."""
    return Answered(
        status=answer.status,
        headers=answer.headers,
        body=answer.body.replace(asked.encode(), meant.encode()),
    )


async def _links(stage: Stage, _size: Size) -> Tally:
    """Use links that are used up, too old, of no session, and of others; and from other sites' forms."""
    tally = Tally()
    async with stage.own_site() as site:
        one, two = [await _guest(stage, Browser(site=site)) for _ in range(2)]
        await _use_twice(tally, one, two)
        await _use_at_once(tally, one)
        await _take_for_another(tally, one)
        await _click_elsewhere(tally, one)
        await _change_visits(tally, one, two)
        await _come_when_disabled(tally, two)
        await site.restart(TIDINGS_PORTAL_LINK=_SHORT_S)
        for _ in range(3):
            token = await link_to(site, one.name)
            await asyncio.sleep(float(_SHORT_S) * 2)
            _refused(tally, "after its time", await click(one.browser.send, token, origin=one.browser.origin))
    return tally


async def _use_twice(tally: Tally, guest: _Guest, other: _Guest) -> None:
    """A link that was looked at is good still; one that was used is not, whoever comes with it."""
    send, origin = guest.browser.send, guest.browser.origin
    token = await link_to(guest.browser.site, guest.name)
    for _ in range(3):
        looked = await send("GET", f"{OPEN}?{urlencode({'token': token})}", [])
        tally.check(looked.status == 200 and not set_by(looked), f"looked at: {looked}")
    opened = await click(send, token, origin=origin)
    tally.check(opened.status == 303 and bool(set_by(opened)), f"used: {opened}")
    for cookies in ((), (guest.session.cookie,), (other.session.cookie,), (session_of(opened),)):
        _refused(tally, "used before", await click(send, token, origin=origin, cookies=cookies))


async def _use_at_once(tally: Tally, guest: _Guest) -> None:
    token = await link_to(guest.browser.site, guest.name)
    answers = await asyncio.gather(
        *(click(guest.browser.send, token, origin=guest.browser.origin) for _ in range(_AT_ONCE))
    )
    statuses = sorted(answer.status for answer in answers)
    tally.check(statuses == [303, *[401] * (_AT_ONCE - 1)], f"{_AT_ONCE} at once: {statuses}")


async def _take_for_another(tally: Tally, guest: _Guest) -> None:
    """A session is no link, a link no session, and both are nothing in another spelling or at another door."""
    send, origin = guest.browser.send, guest.browser.origin
    name, _, session = guest.session.cookie[1].partition("=")
    token = await link_to(guest.browser.site, guest.name)
    for wrong in (session, "", "x", token[:-1], f"{token}=", f"{token} ", token.swapcase(), "' OR 1=1 --"):
        _refused(tally, f"a link like {wrong[:4]}", await click(send, wrong, origin=origin))
    for cookie in (f"{name}={token}", f"{name}=", f"{name}={session[:-1]}", f"{name}={session.swapcase()}"):
        await _closed(tally, guest, ("Cookie", cookie))
    for target in ("/console", "/console/deliveries", "/platform/v1/deliveries", "/b2b/webhooks"):
        cookies = [("Cookie", f"{name}={session}; tidings_console={session}"), ("Authorization", f"Bearer {session}")]
        answer = await send("GET", target, cookies)
        tally.check(answer.status in {303, 401}, f"{target} with a partner's session: {answer.status}")


async def _click_elsewhere(tally: Tally, guest: _Guest) -> None:
    """A form of another site that would let a browser in as somebody else; the link is good for its owner still."""
    token = await link_to(guest.browser.site, guest.name)
    for origin in foreign_origins(guest.browser.origin):
        answer = await click(guest.browser.send, token, origin=origin)
        tally.check(answer.status == 403 and not set_by(answer), f"from {origin}: {answer}")
    answer = await click(guest.browser.send, token, origin=guest.browser.origin)
    tally.check(answer.status == 303, f"from our own page: {answer}")


async def _change_visits(tally: Tally, guest: _Guest, other: _Guest) -> None:
    """Whoever opens a link with another partner's cookie is there as the link's partner alone, and leaves for good."""
    send, origin = guest.browser.send, guest.browser.origin
    token = await link_to(guest.browser.site, guest.name)
    opened = await click(send, token, origin=origin, cookies=(other.session.cookie,))
    session = session_of(opened)
    seen = (await send("GET", PORTAL, [session])).body.decode()
    tally.check(guest.webhook in seen and other.webhook not in seen, f"with the other's cookie: {opened}")
    forms = [session, *guest.session.headers(origin)[1:]]
    body = urlencode({"form_token": other.session.token}).encode()
    answer = await send("POST", f"{PORTAL}/webhooks/{guest.webhook}/disable", forms, body)
    tally.check(answer.status == 403, f"a form with the other's token: {answer}")
    assert (await guest.send("POST", f"{PORTAL}/leave")).status == 303
    await _closed(tally, guest, guest.session.cookie)


async def _come_when_disabled(tally: Tally, guest: _Guest) -> None:
    site = guest.browser.site
    token = await link_to(site, guest.name)
    assert (await site.platform.http.post(f"/platform/v1/partners/{guest.name}/disable")).is_success
    await _closed(tally, guest, guest.session.cookie)
    opened = await click(guest.browser.send, token, origin=guest.browser.origin)
    if opened.status == 303:
        await _closed(tally, guest, session_of(opened))
    answer = await site.platform.http.post(f"/platform/v1/partners/{guest.name}/portal-link")
    tally.check(answer.is_client_error, f"a link for a disabled partner: {answer.status_code}")


async def _closed(tally: Tally, guest: _Guest, cookie: Header) -> None:
    for target in (PORTAL, f"{PORTAL}/deliveries", f"{PORTAL}/deliveries/{guest.delivery}"):
        answer = await guest.browser.send("GET", target, [cookie])
        to_the_door = answer.status == 303 and answer.header("location") == OPEN
        tally.check(to_the_door, f"{target} with a cookie of nobody: {answer.status}")


def _refused(tally: Tally, what: str, answer: Answered) -> None:
    tally.check(answer.status == 401 and not set_by(answer), f"a link {what}: {answer}")


ROWS = (
    Row(
        name="portal-foreign-ids",
        section=_HERE,
        attack="two partners at their pages: every page, act, filter and cursor with the other's webhook, delivery, "
        "event and name, in several spellings",
        expected="404 (405 where there is no such act), lists as for an id that nobody has: byte for byte (trace id "
        "aside), and no row of the database changed",
        play=_foreign_ids,
    ),
    Row(
        name="portal-links",
        section=_HERE,
        attack="links used before, at once from many sides, after their time, misspelt, from other sites' forms, with "
        "another partner's cookie; sessions as links, links as sessions, both at other doors; visits after they ended",
        expected="one visit for each link, of its partner alone; everything else refused and no cookie set",
        play=_links,
    ),
)
