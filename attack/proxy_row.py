"""Behind a reverse proxy: the shipped configuration of nginx must change nothing, and let nobody in by a back door."""

import itertools
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from attack.console_login import log_in
from attack.nginx import NAME, nginx
from attack.portal_visit import enter, link_to
from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import Site, Stage
from support.partner_client import Answered, Header, PartnerClient, spelled, talk
from support.service import free_port

_HERE = Section.PROXY
_LIST = "/b2b/webhooks"
_INSIDE, _OUTSIDE, _LOUD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
_BURST = 200
_Request: TypeAlias = Callable[["_Way"], Awaitable[Answered]]


@dataclass(frozen=True, kw_only=True)
class _Way:
    """How to get to the service: directly, or through nginx."""

    port: int
    tls: ssl.SSLContext | None = None

    async def ask(
        self,
        method: str,
        target: str,
        headers: Iterable[Header] = (),
        body: bytes = b"",
        *,
        source: str | None = None,
    ) -> Answered:
        sent = spelled(method, target, headers=headers, body=body)
        (answer,) = await talk(self.port, sent, source=source, tls=self.tls, name=NAME)
        return answer


async def _same_answers(stage: Stage, _size: Size) -> Tally:
    """Ask everything twice, directly and through nginx."""
    tally = Tally()
    settings = {"TIDINGS_TRUSTED_PROXIES": f"{_INSIDE}/32", "TIDINGS_RATE_LIMIT_ADDRESS": f"{_BURST}/1"}
    async with stage.own_site(settings) as site:
        port = free_port()
        with nginx(site.installation.folder / "nginx", stage.authority, port=port, upstream=site.port):
            direct, proxied = _Way(port=site.port), _Way(port=port, tls=stage.authority.client_context())
            _, client = await site.partner("attacker.com")
            for ask_one in _requests(client):
                plain, through = await ask_one(direct), await ask_one(proxied)
                tally.check(_bare(plain) == _bare(through), f"direct {plain}, through nginx {through}")
                tally.saw(f"status {through.status}:")
            await _expecting(tally, client, proxied)
            await _far_too_large(tally, client, proxied)
            await _back_doors(tally, site, proxied)
            await _operators(tally, site, proxied)
            await _guests(tally, site, proxied)
            await _callers(tally, site, proxied)
    return tally


def _requests(client: PartnerClient) -> Iterable[_Request]:
    """Yield requests whose signature holds only if every byte of the target arrives as it was sent."""

    def signed(method: str, target: str, body: bytes = b"", *more: Header, by: str | None = None) -> _Request:
        return lambda way: way.ask(method, target, [*client.signed(by or target, body), *more], body)

    yield from (signed("GET", f"{_LIST}{query}") for query in _QUERIES)
    yield from (signed("GET", target) for target in _PATHS)
    yield from (signed("GET", f"{_LIST}{query}", by=_LIST) for query in _QUERIES if query)
    yield from (
        signed("PATCH", f"{_LIST}/{name}", b'{"enabled": true}')
        for name in ("a%2Fb", "a%2fb", "a;b", "a+b", "a:b", "~a", "A%20")
    )
    yield from (
        signed("POST", _LIST, body) for body in (b"{}", b"[1]", b"{", b"", b'{"url":"https://attacker.com/","url":1}')
    )
    yield from (
        signed("POST", _LIST, b'{"a":"' + b"x" * length + b'"}') for length in (1000, 60_000, 65_528, 65_529, 100_000)
    )
    yield signed("POST", _LIST, b'{"url":"https://user@attacker.com/"}')
    yield signed("GET", _LIST, b"", ("API-Key", client.key))
    yield signed("GET", _LIST, b"", ("Payward-Version", "1999-01-01"))
    yield signed("GET", _LIST, b"", ("X-Original-URL", "/metrics"), ("X-Rewrite-URL", "/metrics"))
    yield lambda way: way.ask("GET", _LIST, [("API-Key", client.key), ("API-Nonce", "1"), ("API-Sign", "A" * 10_240)])
    yield lambda way: way.ask("GET", _LIST)
    yield lambda way: way.ask("PUT", "/b2b/nothing")


_QUERIES = (
    *(
        "",
        "?",
        "??",
        "?a=%2F%2f",
        "?a=//",
        "?a=b+c%20d;e",
        "?%",
        "?%zz",
        "?a=%00",
        "?a=1&a=2&",
        "?&",
        "?a[]=1",
        "?a={b}|c^d",
    ),
    *("?x=/../y", "?a=%C3%BC", "?a=%c3%bc", '?a="b"', "?a=<b>", "?a='b'", "?a=\\b", "?" + "q" * 6000),
)
_PATHS = (
    *(
        "/b2b//webhooks",
        "/b2b/webhooks/",
        "/b2b/./webhooks",
        "/b2b/x/../webhooks",
        "/b2b/%77ebhooks",
        "/b2b/webhooks%2F",
    ),
    *(
        "/b2b/webhooks%2f..",
        "/b2b/webhooks;a",
        "/b2b/webhooks%3Fa",
        "/b2b/%2e/webhooks",
        "/b2b/webhooks//",
        "/b2b/a%2Fb",
    ),
)


async def _expecting(tally: Tally, client: PartnerClient, way: _Way) -> None:
    """Wait for leave to send the body, as curl does."""
    body = b'{"url":"https://elsewhere.com/"}'
    headers = [*client.signed(_LIST, body), ("Expect", "100-continue")]
    sent = spelled("POST", _LIST, headers=headers, body=body)
    go_ahead, answer = await talk(way.port, sent, answers=2, tls=way.tls, name=NAME)
    tally.check((go_ahead.status, answer.status) == (100, 403), f"expect: {go_ahead.status}, {answer}")


async def _far_too_large(tally: Tally, client: PartnerClient, way: _Way) -> None:
    """Announce what nginx itself refuses: in the words of the contract all the same."""
    headers = [*client.signed(_LIST, b"x"), ("Content-Length", str(9 * 1024 * 1024))]
    answer = await way.ask("POST", _LIST, headers)
    tally.check((answer.status, answer.error) == (413, "EGeneral:Invalid arguments:body"), f"9 MiB: {answer}")


async def _back_doors(tally: Tally, site: Site, way: _Way) -> None:
    """From outside, no spelling leads to what is for the inside."""
    bearer = [("Authorization", f"Bearer {site.token}")]
    for target in _INSIDE_TARGETS:
        outside = await way.ask("GET", target, bearer, source=_OUTSIDE)
        told = outside.header("x-trace-id") is None or outside.status == 404
        tally.check(outside.status in {400, 403, 404} and told, f"from outside, {target}: {outside}")
    for target in ("/metrics", "/platform/v1/partners", "/readyz"):
        inside = await way.ask("GET", target, bearer, source=_INSIDE)
        tally.check(inside.status == 200, f"from inside, {target}: {inside.status}")


_INSIDE_TARGETS = tuple(
    f"{before}{path}{after}"
    for path in ("/metrics", "/readyz", "/platform/v1/partners", "/platform/openapi.json", "/console/login")
    for before, after in (
        *(
            ("", ""),
            ("/", ""),
            ("/b2b/..", ""),
            ("/b2b/%2e%2e", ""),
            ("/b2b/x/../..", ""),
            ("/.", ""),
            ("/healthz/..", ""),
            ("/portal/..", ""),
        ),
        *(
            ("", "/"),
            ("", "?"),
            ("", ";"),
            ("", "%00"),
            ("", "/../b2b/webhooks"),
            ("", "/../portal"),
            ("", "%2f..%2fb2b/webhooks"),
            ("", "/."),
        ),
    )
)


async def _operators(tally: Tally, site: Site, way: _Way) -> None:
    """Log in at the console: its cookie is for HTTPS alone, although Tidings itself speaks none."""
    made = await site.installation.ask("operator", "create", "olivia", "--role", "operator")
    session = await log_in(way.ask, origin="https://tidings", name="olivia", password=made["password"])
    tally.check("; Secure" in session.set_cookie, f"the cookie through nginx: {session.set_cookie.partition(';')[2]}")


async def _guests(tally: Tally, site: Site, way: _Way) -> None:
    """Come to a partner's own page from outside, by a link."""
    name, _ = await site.partner("attacker.com")
    outside = partial(way.ask, source=_OUTSIDE)
    guest = await enter(outside, await link_to(site, name), origin="https://tidings")
    tally.check("; Secure" in guest.set_cookie, f"a guest's cookie through nginx: {guest.set_cookie.partition(';')[2]}")


async def _callers(tally: Tally, site: Site, way: _Way) -> None:
    """Callers are told apart by their own addresses, whatever they write into their headers."""
    names = itertools.cycle(("X-Forwarded-For", "Forwarded", "X-Real-IP"))
    answers = [
        await way.ask("GET", "/b2b/openapi.json", [(next(names), f"198.18.0.{number % 250}")], source=_LOUD)
        for number in range(_BURST + 50)
    ]
    refused = sum(answer.status == 429 for answer in answers)
    tally.check(refused >= 20, f"{refused} of {len(answers)} requests of one caller were refused")
    calm = await way.ask("GET", "/b2b/openapi.json", source=_OUTSIDE)
    tally.check(calm.status == 200, f"another caller: {calm.status}")
    tally.check(f'"{_LOUD}"' in site.service.stderr, "the log does not name the caller")


def _bare(answer: Answered) -> tuple[int, str | None, bytes]:
    return answer.status, answer.header("content-type"), answer.body


ROWS = (
    Row(
        name="nginx",
        section=_HERE,
        attack="signed requests with `%2F`, `//`, odd queries and bodies through the shipped nginx.conf; "
        "Expect; far too large bodies; inner paths from outside; forged forwarding headers",
        expected="the same answers as directly, inner paths closed to the outside, callers told apart",
        play=_same_answers,
    ),
)
