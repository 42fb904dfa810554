"""Section 8: whatever changes something, at every door, leaves one entry by whoever did it, and none holds a secret.

Owns the doors and who is at them. What must be told of both APIs and of each command is the suite's own list.
"""

import base64
import itertools
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from attack.console_login import LoggedIn, log_in
from attack.hostile_dns import always
from attack.page_rows import Browser
from attack.portal_visit import enter, link_to
from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import EVENT, PUBLIC, Hook, Kind, Site, Stage
from support.audit_story import AUDIT, BY_TOKEN, Story
from support.audited_commands import CHANGES
from support.event_samples import sample
from support.marked_secrets import RUN
from support.marked_secrets import Kind as Hay
from support.partner_client import Answered, JsonObject, PartnerClient, ask
from support.served import HOST, LOOPBACK_HOST
from support.service import Installation

_NOBODY_LISTENS = "127.0.0.0/8:1"
_BY_COMMAND = "command_line:"
_FEWER = 8
"""Each command is a process of its own: so many in a short run. The suite types them all in one (tests/cli)."""
_numbers = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """The service as a story asks it, with a token of the name that the story tells of."""

    port: int
    token: str

    async def platform(self, method: str, target: str, body: bytes = b"") -> Answered:
        return await ask(self.port, method, target, headers=[("Authorization", f"Bearer {self.token}")], body=body)


async def _trail(stage: Stage, size: Size) -> Tally:
    """Change everything that can be changed, at each door, and read the trail after every step."""
    tally = Tally()
    stage.dns.scripts |= {LOOPBACK_HOST: always("127.0.0.1"), HOST: always(PUBLIC)}
    # Nothing is delivered here: what was published ends when its webhook is disabled, and nothing moves by itself.
    settings, alone = {"TIDINGS_EGRESS_ALLOW": _NOBODY_LISTENS}, ("--role", "api")
    async with stage.own_site(settings, kind=Kind.POSTGRESQL, arguments=alone) as site:
        secrets = await _by_interfaces(tally, site)
        await _at_pages(tally, stage, site)
        await _by_commands(tally, site, CHANGES if size.every == 1 else CHANGES[:_FEWER])
        kept = json.dumps(await _entries(site))
        tally.hold(not any(secret in kept for secret in secrets), "an entry holds a secret of the story")
        tally.check(not RUN.look_into(Hay.DATABASE, "the audit trail", kept.encode()), "an entry holds a secret")
    return tally


async def _by_interfaces(tally: Tally, site: Site) -> list[str]:
    """Live the story of the suite at both APIs; return the secrets that it was told."""
    token = await site.installation.create_token(BY_TOKEN.partition(":")[2])
    story = Story(_Asked(port=site.port, token=token))
    await story.live()
    told = [(one["actor"], one["action"], one["subject"], one["details"]) for one in await story.entries()]
    tally.tried += len(story.told)
    tally.hold(told == story.told, f"at the APIs: {[one for one in told if one not in story.told]}")
    tally.saw("by APIs", len(told))
    return story.secrets


async def _at_pages(tally: Tally, stage: Stage, site: Site) -> None:
    """Act as an operator and as a partner at its page."""
    browser = Browser(site=site)
    (hook,) = await site.hooks(stage.names("audited", 1))
    name = f"audited-{next(_numbers)}"
    password = str((await site.installation.ask("operator", "create", name, "--role", "operator"))["password"])
    before = await _entries(site)
    operator = await log_in(browser.send, origin=browser.origin, name=name, password=password)
    await _told(tally, site, before, f"operator:{name}", ["operator.log_in"])
    before = await _entries(site)
    await _act(browser, operator, f"/console/partners/{hook.partner}/portal-link")
    await _told(tally, site, before, f"operator:{name}", ["partner.portal_link"])
    await _walk(tally, browser, operator, f"operator:{name}", _acts("/console", hook, await _ended(site, hook)))
    await _redeliver_many(tally, browser, operator, f"operator:{name}", hook)
    link = await link_to(site, hook.partner)
    before = await _entries(site)
    guest = await enter(browser.send, link, origin=browser.origin)
    await _told(tally, site, before, f"portal:{hook.partner}", ["partner.portal_open"])
    acts = [
        *_acts("/portal", hook, await _ended(site, hook)),
        (f"/portal/webhooks/{hook.id}/events", "webhook.update"),
    ]
    await _walk(tally, browser, guest, f"portal:{hook.partner}", acts)


def _acts(prefix: str, hook: Hook, delivery: str) -> list[tuple[str, str]]:
    """Return the acts that both kinds of pages have, each with what must be told of it."""
    webhook = f"{prefix}/webhooks/{hook.id}"
    return [
        (f"{prefix}/deliveries/{delivery}/redeliver", "delivery.redeliver"),
        (f"{webhook}/test", "webhook.test"),
        (f"{webhook}/disable", "webhook.update"),
        (f"{webhook}/enable", "webhook.update"),
    ]


async def _walk(tally: Tally, browser: Browser, visitor: LoggedIn, actor: str, acts: Iterable[tuple[str, str]]) -> None:
    for target, action in acts:
        before = await _entries(browser.site)
        await _act(browser, visitor, target)
        await _told(tally, browser.site, before, actor, [action])


async def _redeliver_many(tally: Tally, browser: Browser, operator: LoggedIn, actor: str, hook: Hook) -> None:
    before = await _entries(browser.site)
    started = await _act(browser, operator, "/console/redeliveries", partner=hook.partner, state="failed", rate="1")
    await _told(tally, browser.site, before, actor, ["redelivery.start"])
    await _walk(tally, browser, operator, actor, [(f"{started.header('location')}/cancel", "redelivery.cancel")])


async def _act(browser: Browser, visitor: LoggedIn, target: str, **fields: str) -> Answered:
    body = urlencode({"form_token": visitor.token, **fields}).encode()
    answer = await browser.send("POST", target, visitor.headers(browser.origin), body)
    assert answer.status in {200, 303}, f"{target}: {answer}"
    return answer


async def _ended(site: Site, hook: Hook) -> str:
    """Publish an event and have its delivery end; return the delivery."""
    payload = {**sample(EVENT)}
    (event,) = await site.platform.publish({"partner": hook.partner, "payload": payload})
    for switch in ("disable", "enable"):
        answer = await site.platform.http.post(f"/platform/v1/webhooks/{hook.id}/{switch}")
        assert answer.is_success, answer.text
    return str(event["deliveries"][0])


async def _by_commands(tally: Tally, site: Site, changes: Iterable[tuple[str, list[str]]]) -> None:
    """Type the commands that change something."""
    names: dict[str, str] = {"key": ""}
    own: Hook | None = None
    for typed, actions in changes:
        if typed == "webhook disable {webhook}":
            assert own is not None
            names["webhook"] = own.id
        if typed == "delivery redeliver {delivery}":
            assert own is not None
            names["delivery"] = await _ended(site, own)
        before = await _entries(site)
        said = await _installation(site, typed).ask(*(word.format(**names) for word in typed.split()))
        await _told(tally, site, before, _BY_COMMAND, actions)
        own = await _hook(site, said) if own is None else own
        names["key"] = said.get("api_key", names["key"])
        names["redelivery"] = said.get("redelivery", {}).get("id", "")


async def _hook(site: Site, made: JsonObject) -> Hook:
    """Register a webhook of the partner that the first command has made."""
    client = PartnerClient(port=site.port, key=made["api_key"], secret=made["api_secret"])
    registered = await client.register(f"https://{HOST}/w", enabled=True, events=[EVENT])
    partner, webhook = made["partner"]["id"], registered["webhook"]["id"]
    return Hook(host=HOST, id=webhook, partner=partner, client=client, secret=registered["secret"])


def _installation(site: Site, typed: str) -> Installation:
    if typed != "keyring rotate":
        return site.installation
    key, older = base64.b64encode(os.urandom(32)).decode(), site.installation.settings["TIDINGS_MASTER_KEY"]
    return replace(site.installation, settings={**site.installation.settings, "TIDINGS_MASTER_KEY": f"{key},{older}"})


async def _told(tally: Tally, site: Site, before: list[JsonObject], actor: str, actions: list[str]) -> None:
    """Hold that the trail has grown by exactly these actions of that actor, and is what it was but for them."""
    after = await _entries(site)
    new = after[len(before) :]
    told = [one["action"] for one in new] == actions and all(one["actor"].startswith(actor) for one in new)
    tally.check(told and after[: len(before)] == before, f"{actor} did {actions}: {new}")
    tally.saw(f"by {actor.partition(':')[0]}", len(new))


async def _entries(site: Site) -> list[JsonObject]:
    """Return the whole trail, the oldest entry first."""
    answer = await site.platform.http.get(AUDIT, params={"limit": "500"})
    assert answer.is_success, answer.text
    result = answer.json()["result"]
    assert result["next_cursor"] is None
    entries: list[JsonObject] = result["entries"]
    return entries[::-1]


ROWS = (
    Row(
        name="audit-trail",
        section=Section.AUDIT,
        attack="every call of both APIs, every form of the console and of the partner page and every command that "
        "changes something",
        expected="exactly one entry for each deed, by whoever did it, after those that were there; none holds a secret",
        play=_trail,
    ),
)
