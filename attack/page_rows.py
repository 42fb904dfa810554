"""Section 6: what a page may be made to do by somebody else's page, or by nobody at all.

Owns requests that a hostile page can make a browser send. Hostile strings are tried in a real browser (tests/console).
"""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from attack.console_login import LOGIN, LoggedIn, log_in
from attack.holdings import rows_of
from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import Hook, Site, Stage
from support.partner_client import Answered, Header, ask

_HERE = Section.PAGES
_POLICY = "default-src 'self'"
_PAGES = (
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

_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class _Console:
    """The console, two operators and a viewer who are logged in, and something to act on."""

    site: Site
    operator: LoggedIn
    other: LoggedIn
    viewer: LoggedIn
    hook: Hook
    delivery: str

    @property
    def origin(self) -> str:
        return "http://tidings"

    @property
    def acts(self) -> tuple[str, ...]:
        webhook = f"/console/webhooks/{self.hook.id}"
        redelivery = f"/console/deliveries/{self.delivery}/redeliver"
        return (redelivery, f"{webhook}/test", f"{webhook}/disable", f"{webhook}/enable")

    async def send(self, method: str, target: str, headers: Iterable[Header], body: bytes = b"") -> Answered:
        return await ask(self.site.port, method, target, headers=headers, body=body)


async def _console(stage: Stage, site: Site) -> _Console:
    (hook,) = await site.hooks(stage.names("paged", 1))
    (delivery,) = await site.publish(hook.partner)

    async def send(method: str, target: str, headers: Iterable[Header], body: bytes) -> Answered:
        return await ask(site.port, method, target, headers=headers, body=body)

    sessions = []
    for role in ("operator", "operator", "viewer"):
        name = f"operator-{next(_numbers)}"
        made = await site.installation.ask("operator", "create", name, "--role", role)
        sessions.append(await log_in(send, origin="http://tidings", name=name, password=made["password"]))
    operator, other, viewer = sessions
    return _Console(site=site, operator=operator, other=other, viewer=viewer, hook=hook, delivery=str(delivery["id"]))


async def _forgery(stage: Stage, _size: Size) -> Tally:
    """Have the operator's browser send forms that are not of our pages, and links that look like acts."""
    tally, site = Tally(), await stage.site()
    console = await _console(stage, site)
    before = _lasting(site)
    for target in (*console.acts, "/console/logout"):
        for headers, token in _forged(console):
            body = urlencode({} if token is None else {"form_token": token}).encode()
            answer = await console.send("POST", target, headers, body)
            tally.check(answer.status in {303, 400, 401, 403} and _is_refused(answer), f"POST {target}: {answer}")
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
            linked = f"{target}?{urlencode({'form_token': console.operator.token})}"
            status = await _status(console, method, linked)
            tally.check(status in {404, 405}, f"{method} {linked}: {status}")
    tally.hold(before == _lasting(site), f"the database changed: {set(before) ^ set(_lasting(site))}")
    good = console.operator.headers(console.origin)
    body = urlencode({"form_token": console.operator.token}).encode()
    answer = await console.send("POST", console.acts[0], good, body)
    tally.check(answer.status == 303 and not _is_refused(answer), f"the operator's own form: {answer}")
    return tally


def _forged(console: _Console) -> Iterable[tuple[list[Header], str | None]]:
    """Yield headers and form token of requests that another site, a viewer or a stranger can send."""
    own, origin = console.operator, console.origin
    for token in (None, "", "0" * 64, console.other.token, own.token[:-1], own.token.upper() + "x"):
        yield own.headers(origin), token
    for foreign in (
        None,
        "null",
        "https://evil.com",
        f"{origin}.evil.com",
        f"{origin}:81",
        "http://",
        f"{origin}/",
        "file://",
    ):
        yield own.headers(foreign), own.token
    yield [*own.headers(origin), ("Origin", "https://evil.com")], own.token
    yield [*own.headers(origin), ("Sec-Fetch-Site", "cross-site")], own.token
    yield (
        [*own.headers("https://evil.com"), ("X-Forwarded-Host", "evil.com"), ("X-Forwarded-Proto", "https")],
        own.token,
    )
    yield console.viewer.headers(origin), console.viewer.token
    stranger = [header for header in own.headers(origin) if header[0] != "Cookie"]
    yield stranger, own.token
    yield [("Cookie", "tidings_console=x"), *stranger], own.token


def _is_refused(answer: Answered) -> bool:
    return answer.status != 303 or (answer.header("location") or "").startswith(LOGIN)


async def _status(console: _Console, method: str, target: str) -> int:
    # The answer to HEAD announces a body and has none: ask for the page of it as GET.
    if method == "HEAD":
        method = "GET"
    return (await console.send(method, target, console.operator.headers(console.origin))).status


def _lasting(site: Site) -> list[str]:
    """Return every row but those of sessions, which remember when they were last seen."""
    return [row for row in rows_of(site, but_key="") if not row.startswith("operator_sessions")]


async def _headers(stage: Stage, _size: Size) -> Tally:
    """Look at what every page and every refusal of a page says to the browser."""
    tally, site = Tally(), await stage.site()
    console = await _console(stage, site)
    for cookie in ([console.operator.cookie], []):
        for page in (*_PAGES, "/login", f"/deliveries/{console.delivery}", f"/webhooks/{console.hook.id}"):
            answer = await console.send("GET", f"/console{page}", cookie)
            tally.check(_is_safe(answer), f"{page or '/'} {answer.status}: {answer.headers}")
            stranger = not cookie and page != "/login"
            closed = answer.status in {303, 404} and console.delivery.encode() not in answer.body
            tally.hold(not stranger or closed, f"a stranger sees {page}: {answer.status}")
    parts = {part.strip() for part in console.operator.set_cookie.split(";")}
    tally.check({"HttpOnly", "SameSite=Strict"} <= parts, f"the cookie: {sorted(parts)[1:]}")
    return tally


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
        attack="forms with an operator's cookie but without, with a wrong or with another session's token, from other "
        "origins, by a viewer, by a stranger; acts as links",
        expected="refused, no row of the database changed; the operator's own form succeeds",
        play=_forgery,
    ),
    Row(
        name="page-headers",
        section=_HERE,
        attack="every page of the console, with a session and without",
        expected="a policy without inline code, no frames, no sniffing, no caching; strangers see the login alone",
        play=_headers,
    ),
)
