"""Section 4: every secret of a run is marked, handled well and badly, and looked for in all that is left behind.

Owns what is done with the secrets. The search itself, over logs, metrics, files and dumps, in every spelling, is
support.marked_secrets'; it is done for each service of each row, when it has ended.
"""

import itertools
from collections.abc import Iterable
from urllib.parse import quote, urlencode

from attack.console_login import FORM, LOGIN, log_in, session_of, token_of
from attack.page_rows import Browser
from attack.portal_visit import click, enter, link_to
from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import Hook, Kind, Site, Stage
from support.marked_secrets import RUN
from support.partner_client import Header, PartnerClient

_LIST = "/b2b/webhooks"
_numbers = itertools.count(1)


async def _left_behind(stage: Stage, _size: Size) -> Tally:
    """Have every kind of secret handed out, use it rightly and in every wrong place, and end the service."""
    tally = Tally()
    for kind in Kind:
        learnt, places = RUN.learnt.copy(), RUN.places.copy()
        async with stage.own_site(kind=kind) as site:
            (hook,) = await site.hooks(stage.names("marked", 1))
            secrets = [*await _use(site, hook), *await _visit(site, hook)]
            await _misplace(tally, site, hook, secrets)
            await site.publish(hook.partner)
            await site.platform.metrics()
        new = RUN.learnt - learnt
        tally.tried += new.total()
        tally.hold(new.keys() >= _KINDS, f"only these kinds of secrets were seen: {sorted(new)}")
        told = "; ".join(f"{place} {count}" for place, count in sorted((RUN.places - places).items()))
        tally.note(f"{kind}: {', '.join(f'{count} {name}' for name, count in sorted(new.items()))}; looked into {told}")
    return tally


_KINDS = {"api_secret", "secret", "token", "password", "cookie", "portal_link", "master_key"}


async def _use(site: Site, hook: Hook) -> list[str]:
    """Have the platform API and the command line hand out secrets."""
    path = f"/platform/v1/partners/{hook.partner}/keys"
    made = (await site.platform.http.post(path)).json()["result"]
    client = PartnerClient(port=site.port, key=made["api_key"], secret=made["api_secret"])
    assert (await client.call("GET", _LIST)).status == 200
    assert (await hook.client.call("POST", f"{_LIST}/{hook.id}/test")).status == 200
    again = await site.platform.http.post(
        f"/platform/v1/webhooks/{hook.id}/rotate-secret", json={"overlap_seconds": 60}
    )
    await site.publish(hook.partner)
    rotated = again.json()["result"]["secret"]
    token = str((await site.installation.ask("token", "create", f"marked-{next(_numbers)}"))["token"])
    return [hook.client.secret, client.secret, hook.secret, rotated, token, site.token]


async def _visit(site: Site, hook: Hook) -> list[str]:
    """Come in at both doors, with a password and with a link."""
    browser = Browser(site=site)
    name = f"marked-{next(_numbers)}"
    password = str((await site.installation.ask("operator", "create", name, "--role", "operator"))["password"])
    operator = await log_in(browser.send, origin=browser.origin, name=name, password=password)
    used, unused = await link_to(site, hook.partner), await link_to(site, hook.partner)
    guest = await enter(browser.send, used, origin=browser.origin)
    for target, visitor in (("/console", operator), ("/portal", guest)):
        assert (await browser.send("GET", target, [visitor.cookie])).status == 200
    sessions = [visitor.cookie[1].partition("=")[2] for visitor in (operator, guest)]
    return [password, used, unused, *sessions]


async def _misplace(tally: Tally, site: Site, hook: Hook, secrets: list[str]) -> None:
    """Send each secret where it does not belong: whatever a service says of a bad request, it must not repeat this."""
    browser = Browser(site=site)
    for secret in secrets:
        for method, target, headers, body in _wrong_places(secret, hook):
            answer = await browser.send(method, target, headers, body)
            tally.check(answer.status < 500, f"{method} {target.partition('?')[0][:20]}: {answer.status}")
        await click(browser.send, secret, origin=browser.origin)
        page = await browser.send("GET", LOGIN, [])
        form = {"name": secret, "password": secret, "form_token": token_of(page), "next": secret}
        headers = [session_of(page), FORM, ("Origin", browser.origin)]
        answer = await browser.send("POST", LOGIN, headers, urlencode(form).encode())
        tally.check(answer.status < 500, f"a login: {answer.status}")


def _wrong_places(secret: str, hook: Hook) -> Iterable[tuple[str, str, list[Header], bytes]]:
    text = quote(secret, safe="")
    signed = hook.client.signed(_LIST)
    yield "GET", f"{_LIST}?secret={text}", hook.client.signed(_LIST), b""
    yield "GET", f"{_LIST}/{text}", signed, b""
    yield "GET", _LIST, [("API-Key", secret), ("API-Nonce", "1"), ("API-Sign", secret)], b""
    yield "GET", _LIST, [("API-Key", hook.client.key), ("API-Nonce", secret), ("API-Sign", secret)], b""
    for scheme in ("Bearer", "Basic", ""):
        yield "GET", "/platform/v1/partners", [("Authorization", f"{scheme} {secret}".strip())], b""
    yield "GET", f"/platform/v1/deliveries/{text}?token={text}", [("Authorization", f"Bearer {secret}x")], b""
    yield (
        "GET",
        f"/{text}",
        [("Cookie", f"tidings_console={secret}x; tidings_portal={secret}x"), ("Referer", secret)],
        b"",
    )
    yield "GET", "/console", [("Cookie", f"tidings_console={secret}x"), ("User-Agent", secret)], b""
    yield "POST", "/platform/v1/events", [("Authorization", f"Bearer {secret}")], f'{{"events": "{secret}'.encode()


ROWS = (
    Row(
        name="marked-secrets",
        section=Section.SECRETS,
        attack="every kind of secret that a service hands out (master key, API and signing secrets, tokens, passwords, "
        "sessions, links), used rightly and sent in every wrong place, on SQLite and PostgreSQL",
        expected="raw, in hex, in base64 and URL-encoded: in no log, no metric, no file and no dump of the database",
        play=_left_behind,
    ),
)
