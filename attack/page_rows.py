"""Section 6: what a page may be made to do by somebody else's page, or by nobody at all.

Owns requests that a hostile page can make a browser send, to the console and to the partner page. Hostile strings are
tried in a real browser (tests/console).
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from attack.console_login import LOGIN, LoggedIn, log_in
from attack.holdings import rows_of
from attack.portal_visit import OPEN, PORTAL, enter, link_to
from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import Hook, Site, Stage
from support.partner_client import Answered, Header, ask

_HERE = Section.PAGES
_CONSOLE = "/console"
_POLICY = "default-src 'self'"
_PROXY = "127.0.0.9"
_CONSOLE_PAGES = (
    "",
    "/deliveries",
    "/events",
    "/partners",
    "/webhooks",
    "/audit",
    "/find?id=x",
    "/nothing",
    "/deliveries/dlv_x",
)
_PORTAL_PAGES = ("", "/deliveries", "/deliveries?state=failed", "/deliveries?before=x", "/nothing", "/deliveries/dlv_x")
_OPEN_TO_ALL = (LOGIN, OPEN, f"{OPEN}?token=x")

_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Browser:
    """Sends what a browser would: plainly, or over HTTPS to a trusted proxy."""

    site: Site
    https: bool = False

    @property
    def origin(self) -> str:
        return f"{'https' if self.https else 'http'}://tidings"

    async def send(self, method: str, target: str, headers: Iterable[Header], body: bytes = b"") -> Answered:
        if not self.https:
            return await ask(self.site.port, method, target, headers=headers, body=body)
        told = [*headers, ("X-Forwarded-Proto", "https")]
        return await ask(self.site.port, method, target, headers=told, body=body, source=_PROXY)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Pages under one prefix: who is at home there, a second session, one that may not act, and something to act on."""

    browser: Browser
    prefix: str
    door: str
    own: LoggedIn
    other: LoggedIn
    powerless: tuple[LoggedIn, ...]
    pages: tuple[str, ...]
    acts: tuple[str, ...]
    partner: str
    delivery: str

    @property
    def shown(self) -> tuple[str, ...]:
        """Every page, by its target."""
        return tuple(f"{self.prefix}{page}" for page in (*self.pages, f"/deliveries/{self.delivery}"))


async def _console(stage: Stage, browser: Browser) -> _Place:
    site = browser.site
    (hook,) = await site.hooks(stage.names("paged", 1))
    (delivery,) = await site.publish(hook.partner)
    sessions = []
    for role in ("operator", "operator", "viewer"):
        name = f"operator-{next(_numbers)}"
        made = await site.installation.ask("operator", "create", name, "--role", role)
        sessions.append(await log_in(browser.send, origin=browser.origin, name=name, password=made["password"]))
    own, other, viewer = sessions
    return _Place(
        browser=browser,
        prefix=_CONSOLE,
        door=LOGIN,
        own=own,
        other=other,
        powerless=(viewer,),
        pages=(*_CONSOLE_PAGES, "/login", f"/webhooks/{hook.id}"),
        acts=(*_acts(_CONSOLE, hook, str(delivery["id"])), f"{_CONSOLE}/logout"),
        partner=hook.partner,
        delivery=str(delivery["id"]),
    )


async def _portal(stage: Stage, browser: Browser) -> _Place:
    (hook,) = await browser.site.hooks(stage.names("portal", 1))
    (delivery,) = await browser.site.publish(hook.partner)
    own, other = [
        await enter(browser.send, await link_to(browser.site, hook.partner), origin=browser.origin) for _ in range(2)
    ]
    webhook = f"{PORTAL}/webhooks/{hook.id}"
    return _Place(
        browser=browser,
        prefix=PORTAL,
        door=OPEN,
        own=own,
        other=other,
        powerless=(),
        pages=(*_PORTAL_PAGES, "/open", "/open?token=x"),
        acts=(*_acts(PORTAL, hook, str(delivery["id"])), f"{webhook}/events", f"{PORTAL}/leave"),
        partner=hook.partner,
        delivery=str(delivery["id"]),
    )


def _acts(prefix: str, hook: Hook, delivery: str) -> tuple[str, ...]:
    webhook = f"{prefix}/webhooks/{hook.id}"
    return (
        f"{prefix}/deliveries/{delivery}/redeliver",
        *(f"{webhook}/{act}" for act in ("test", "disable", "enable")),
    )


async def _forgery(stage: Stage, _size: Size) -> Tally:
    """Have the browser of somebody at home send forms that are not of our pages, and links that look like acts."""
    tally, browser = Tally(), Browser(site=await stage.site())
    for place in (await _console(stage, browser), await _portal(stage, browser)):
        before = _lasting(browser.site)
        for target in place.acts:
            await _send_forged(tally, place, target)
            await _follow(tally, place, target)
        after = _lasting(browser.site)
        tally.hold(before == after, f"the database changed: {set(before) ^ set(after)}")
        answer = await _act(place, place.acts[0], place.own.headers(browser.origin), place.own.token)
        tally.check(answer.status == 303 and not _is_refused(place, answer), f"the form of our own page: {answer}")
        await browser.site.ended(place.partner)
    return tally


async def _send_forged(tally: Tally, place: _Place, target: str) -> None:
    for headers, token in _forged(place):
        answer = await _act(place, target, headers, token)
        refused = answer.status in {303, 400, 401, 403} and _is_refused(place, answer)
        tally.check(refused, f"POST {target} {headers}: {answer}")


async def _follow(tally: Tally, place: _Place, target: str) -> None:
    # HEAD is not asked: its answer announces a body and has none. It is routed as GET.
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        linked = f"{target}?{urlencode({'form_token': place.own.token})}"
        answer = await place.browser.send(method, linked, place.own.headers(place.browser.origin))
        tally.check(answer.status in {404, 405}, f"{method} {linked}: {answer.status}")


async def _act(place: _Place, target: str, headers: list[Header], token: str | None) -> Answered:
    body = urlencode({} if token is None else {"form_token": token}).encode()
    return await place.browser.send("POST", target, headers, body)


def foreign_origins(origin: str) -> tuple[str | None, ...]:
    """Return what a browser may send as the origin of a form that is not of our pages."""
    return (
        *(None, "null", "https://evil.com", f"{origin}.evil.com"),
        *(f"{origin}:81", "http://", f"{origin}/", "file://"),
    )


def _forged(place: _Place) -> Iterable[tuple[list[Header], str | None]]:
    """Yield headers and form token of requests that another site, somebody without the right or a stranger can send."""
    own, origin = place.own, place.browser.origin
    for token in (None, "", "0" * 64, place.other.token, own.token[:-1], own.token.upper() + "x"):
        yield own.headers(origin), token
    for foreign in foreign_origins(origin):
        yield own.headers(foreign), own.token
    yield [*own.headers(origin), ("Origin", "https://evil.com")], own.token
    yield [*own.headers(origin), ("Sec-Fetch-Site", "cross-site")], own.token
    yield (
        [*own.headers("https://evil.com"), ("X-Forwarded-Host", "evil.com"), ("X-Forwarded-Proto", "https")],
        own.token,
    )
    for powerless in place.powerless:
        yield powerless.headers(origin), powerless.token
    stranger = [header for header in own.headers(origin) if header[0] != "Cookie"]
    yield stranger, own.token
    yield [("Cookie", f"{own.cookie[1].partition('=')[0]}=x"), *stranger], own.token


def _is_refused(place: _Place, answer: Answered) -> bool:
    return answer.status != 303 or (answer.header("location") or "").startswith(place.door)


def _lasting(site: Site) -> list[str]:
    """Return every row but those of sessions, which remember when they were last seen."""
    return [row for row in rows_of(site, but_key="") if not row.startswith("operator_sessions")]


async def _headers(stage: Stage, _size: Size) -> Tally:
    """Look at what every page, every refusal of a page and every cookie says to the browser."""
    tally = Tally()
    async with stage.own_site({"TIDINGS_TRUSTED_PROXIES": f"{_PROXY}/32"}) as site:
        for https in (False, True):
            browser = Browser(site=site, https=https)
            console, portal = await _console(stage, browser), await _portal(stage, browser)
            for place in (console, portal):
                await _look(tally, place)
            _hold_cookie(tally, console, "SameSite=Strict")
            _hold_cookie(tally, portal, "SameSite=Lax")
    return tally


async def _look(tally: Tally, place: _Place) -> None:
    for cookie in ([place.own.cookie], []):
        for page in place.shown:
            answer = await place.browser.send("GET", page, cookie)
            tally.check(_is_safe(answer), f"{page} {answer.status}: {answer.headers}")
            closed = answer.status in {303, 404} and place.delivery.encode() not in answer.body
            tally.hold(bool(cookie) or page in _OPEN_TO_ALL or closed, f"a stranger sees {page}: {answer.status}")
    for target in place.acts:
        for token in (None, place.own.token):
            answer = await _act(place, target, place.own.headers(place.browser.origin), token)
            tally.check(_is_safe(answer), f"POST {target} {answer.status}: {answer.headers}")


def _hold_cookie(tally: Tally, place: _Place, same_site: str) -> None:
    parts = {part.strip() for part in place.own.set_cookie.split(";")}
    needed = {"HttpOnly", same_site, f"Path={place.prefix}", *(["Secure"] if place.browser.https else [])}
    tally.check(needed <= parts, f"the cookie: {sorted(parts)[1:]}")


def _is_safe(answer: Answered) -> bool:
    policy = answer.header("content-security-policy") or ""
    directives = dict(one.strip().partition(" ")[::2] for one in policy.split(";"))
    return (
        policy.startswith(_POLICY)
        and directives.get("frame-ancestors") == "'none'"
        and "unsafe" not in policy
        and answer.header("x-content-type-options") == "nosniff"
        and answer.header("cache-control") == "no-store"
    )


ROWS = (
    Row(
        name="page-forgery",
        section=_HERE,
        attack="forms at the console and at the partner page with a good cookie but without, with a wrong or with "
        "another session's token, from other origins, by a viewer, by a stranger; acts as links",
        expected="refused, no row of the database changed; the form of our own page succeeds",
        play=_forgery,
    ),
    Row(
        name="page-headers",
        section=_HERE,
        attack="every page of the console and of the partner page and every act of theirs, with a session and "
        "without, plainly and over HTTPS",
        expected="a policy without inline code, no frames, no sniffing, no caching; cookies `HttpOnly`, `SameSite` and "
        "on HTTPS `Secure`; strangers see the login and the link's page alone",
        play=_headers,
    ),
)
