"""Who did what: every request that changes something leaves an entry, and none leaves a secret."""

import base64
import itertools
import json
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest

from support.audit_story import AUDIT, Story, Told
from support.partner_client import JsonObject, PartnerClient
from support.platform_answers import problem
from support.served import LOOPBACK_HOST, PLENTY, Served, Terms, served
from tidings.actions import tokens
from tidings.store import tables
from tidings.web.asgi import WebSettings
from tidings.web.partner_api.permissions import NEEDED as OF_KEYS
from tidings.web.platform_api.scopes import NEEDED as OF_TOKENS

pytestmark = pytest.mark.asyncio(loop_scope="session")

PARTNERS = "/platform/v1/partners"
ENTRY = ["id", "created_at", "actor", "address", "action", "partner", "subject", "details"]

_numbers = itertools.count()


async def lived(at: Served) -> Story:
    story = Story(at)
    await story.live()
    return story


def told(entry: JsonObject) -> Told:
    return entry["actor"], entry["action"], entry["subject"], entry["details"]


async def test_everything_that_changes_something_is_told_in_its_order(at: Served) -> None:
    story = await lived(at)

    entries = await story.entries()
    assert [told(entry) for entry in entries] == story.told
    for entry in entries:
        assert list(entry) == ENTRY
        assert (entry["partner"], entry["address"]) == (story.partner, "127.0.0.1")


async def test_no_route_that_changes_something_is_missing_from_the_story(at: Served) -> None:
    story = await lived(at)

    # Publishing is among them: it is asked for, and nothing is told of it.
    assert story.routes == {route for route in {**OF_TOKENS, **OF_KEYS} if not route.startswith("GET ")}


async def test_no_secret_is_in_the_trail(tmp_path: Path) -> None:
    async with served(tmp_path) as at:
        story = await lived(at)
        made = await tokens.create(at.ctx, "another")
        await tokens.revoke(at.ctx, "another")
        rows = await at.ctx.store.read(lambda connection: list(connection.execute(tables.audit_entries.select())))
        shown = (await at.platform("GET", f"{AUDIT}?limit=500")).body

    kept = repr(rows).encode() + shown
    assert b"webhook.register" in kept
    for secret in [*story.secrets, made.token]:
        for spelling in spellings(secret):
            assert spelling not in kept, secret


def spellings(secret: str) -> set[bytes]:
    raw = secret.encode()
    found = {raw, raw.hex().encode(), base64.b64encode(raw), quote(secret, safe="").encode()}
    try:
        decoded = base64.b64decode(secret, validate=True)
    except ValueError:
        return found
    return found | {decoded, decoded.hex().encode()}


async def test_what_changes_nothing_and_what_is_refused_leaves_no_entry(at: Served) -> None:
    story = await lived(at)
    client = story.client
    webhook = (await client.register(f"https://{LOOPBACK_HOST}:1/w"))["webhook"]["id"]
    partner = f"{PARTNERS}/{story.partner}"

    answers = [
        await at.platform("POST", f"{partner}/hosts", json.dumps({"host": LOOPBACK_HOST}).encode()),
        await client.call("PATCH", f"/b2b/webhooks/{webhook}", {}),
        await client.call("GET", "/b2b/webhooks"),
        await at.platform("GET", partner),
        await at.platform("POST", PARTNERS, json.dumps({"id": story.partner}).encode()),
        await client.call("POST", "/b2b/webhooks", {"url": f"https://{LOOPBACK_HOST}:1/w"}),
        await client.call("POST", f"/b2b/webhooks/{webhook}/test"),
        await client.call("DELETE", "/b2b/webhooks/WHAAAAAA-AAAAA-AAAAAA"),
        await client.send("DELETE", f"/b2b/webhooks/{webhook}", b"", nonce="1"),
        await at.platform("POST", f"{partner}/keys", b'{"permissions":[]}'),
    ]

    assert [answer.status for answer in answers] == [200, 200, 200, 200, 409, 409, 409, 404, 401, 400]
    assert len(await story.entries()) == len(story.told) + 1


async def test_a_key_that_is_revoked_twice_is_told_of_once(at: Served) -> None:
    story = Story(at)
    made = await story.platform("POST /platform/v1/partners", {"id": story.partner})
    for _ in range(2):
        await story.platform("DELETE /platform/v1/partners/{partner_id}/keys/{key}", key=made["api_key"])

    assert [entry["action"] for entry in await story.entries()] == ["partner.create", "key.create", "key.revoke"]


async def test_the_filters_and_the_cursor_work_together(at: Served) -> None:
    story = await lived(at)
    by_key = quote(f"api_key:{story.client.key}", safe="")

    mine = await story.entries(f"&actor={by_key}")
    updates = await story.entries(f"&actor={by_key}&action=webhook.update")
    span = await story.entries(f"&since={quote(mine[0]['created_at'])}&until={quote(mine[-1]['created_at'])}")
    paged: list[str] = []
    cursor = ""
    while True:
        page = (await at.platform("GET", f"{AUDIT}?partner={story.partner}&limit=5&cursor={cursor}")).result
        paged += [entry["id"] for entry in page["entries"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert [entry["action"] for entry in mine] == [deed[1] for deed in story.told if deed[0].startswith("api_key:")]
    assert [entry["details"] for entry in updates] == [{"enabled": True}, {"events": []}]
    everything = await story.entries()
    assert span == everything[everything.index(mine[0]) : everything.index(mine[-1])]
    assert paged[::-1] == [entry["id"] for entry in everything]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("actor=billing", "actor"),
        ("actor=nobody:billing", "actor"),
        ("actor=token:", "actor"),
        ("action=partner.burn", "action"),
        ("action=partner", "action"),
        ("since=yesterday", "since"),
        ("until=2025-01-01", "until"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=many", "limit"),
        ("cursor=dlv_00000000000000000000000000", "cursor"),
        ("cursor=1%27%20OR%201", "cursor"),
        ("subject=x", "subject"),
        ("partner=a&partner=b", "partner"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_with_a_reason(at: Served, query: str, field: str) -> None:
    document = problem(await at.platform("GET", f"{AUDIT}?{query}"), 400, "invalid_argument")

    assert document["field"] == field


async def test_tokens_are_told_of_without_a_partner(at: Served) -> None:
    name = f"told-{next(_numbers)}"
    await tokens.create(at.ctx, name, scopes=["read"])
    await tokens.revoke(at.ctx, name)
    await tokens.revoke(at.ctx, name)

    found = (await at.platform("GET", f"{AUDIT}?actor=command_line:tests&limit=2")).result["entries"]

    assert [(entry["action"], entry["subject"], entry["partner"], entry["details"]) for entry in found] == [
        ("token.revoke", name, None, {}),
        ("token.create", name, None, {"scopes": ["read"]}),
    ]


async def test_the_address_is_the_one_a_trusted_proxy_tells(tmp_path: Path) -> None:
    web = WebSettings(rate_limit_address=PLENTY, trusted_proxies=(ip_network("127.0.0.0/8"),))
    async with served(tmp_path, Terms(web=web)) as at:
        forwarded = [("X-Forwarded-For", "203.0.113.9, 198.51.100.7")]
        body = json.dumps({"id": "acme", "allow_hosts": ["hooks.acme.com"]}).encode()
        made = (await at.platform("POST", PARTNERS, body, headers=forwarded)).result
        client = PartnerClient(port=at.port, key=made["api_key"], secret=made["api_secret"])
        await client.call("POST", "/b2b/webhooks", {"url": "https://hooks.acme.com/w"}, headers=forwarded)
        entries = (await at.platform("GET", f"{AUDIT}?partner=acme")).result["entries"]

    assert {entry["action"]: entry["address"] for entry in entries} == {
        "partner.create": "198.51.100.7",
        "key.create": "198.51.100.7",
        "webhook.register": "198.51.100.7",
    }


async def test_an_action_that_nobody_asks_for_is_not_done(at: Served) -> None:
    nobody = msgspec.structs.replace(at.ctx, actor=None)

    with pytest.raises(RuntimeError, match=r"token\.create was asked for by nobody"):
        await tokens.create(nobody, "of-nobody")

    assert "of-nobody" not in {token.name for token in await tokens.list_tokens(at.ctx)}
