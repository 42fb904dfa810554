"""Partners, hosts and keys over the platform API."""

import json
from urllib.parse import quote

import pytest

from support.partner_client import Answered, PartnerClient
from support.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

PARTNERS = "/platform/v1/partners"
PARTNER = ["id", "name", "enabled", "allowed_hosts", "created_at"]
KEY = ["key", "partner", "nonce_window", "permissions", "created_at", "revoked_at"]


async def post(at: Served, path: str, document: object = None) -> Answered:
    return await at.platform("POST", path, b"" if document is None else json.dumps(document).encode())


async def test_a_new_partner_has_a_key_that_works(at: Served) -> None:
    answer = await post(at, PARTNERS, {"id": "maker", "name": "Maker & Söhne", "allow_hosts": ["Hooks.Acme.com"]})

    assert answer.status == 201
    assert list(answer.result) == ["partner", "api_key", "api_secret"]
    partner = answer.result["partner"]
    assert list(partner) == PARTNER
    assert (partner["id"], partner["name"], partner["enabled"]) == ("maker", "Maker & Söhne", True)
    assert partner["allowed_hosts"] == ["hooks.acme.com"]
    client = PartnerClient(port=at.port, key=answer.result["api_key"], secret=answer.result["api_secret"])
    await client.register()
    shown = (await at.platform("GET", f"{PARTNERS}/maker")).result
    assert list(shown) == ["partner", "keys", "webhooks"]
    assert list(shown["keys"][0]) == KEY
    assert shown["webhooks"][0]["url"] == "https://hooks.acme.com/w"
    assert answer.result["api_secret"] not in json.dumps(shown)


async def test_a_name_is_taken_once(at: Served) -> None:
    await post(at, PARTNERS, {"id": "taken"})

    answer = await post(at, PARTNERS, {"id": "taken"})

    assert (answer.status, answer.document["code"]) == (409, "already_exists")


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({}, "id"),
        ([], "body"),
        ({"id": 7}, "id"),
        ({"id": "Upper"}, "id"),
        ({"id": ""}, "id"),
        ({"id": "a" * 64}, "id"),
        ({"id": "fine", "name": "a\x00b"}, "name"),
        ({"id": "fine", "allow_hosts": "hooks.acme.com"}, "allow_hosts"),
        ({"id": "fine", "allow_hosts": [""]}, "allow_hosts"),
        ({"id": "fine", "colour": "red"}, "colour"),
    ],
)
async def test_a_partner_that_is_not_well_formed_is_refused(at: Served, document: object, field: str) -> None:
    answer = await post(at, PARTNERS, document)

    assert (answer.status, answer.document["code"]) == (400, "invalid_argument")
    assert answer.document["field"] in (field, "body")
    assert (await at.platform("GET", f"{PARTNERS}/fine")).status == 404


async def test_hosts_are_added_one_by_one(at: Served) -> None:
    await post(at, PARTNERS, {"id": "hosted"})

    answer = await post(at, f"{PARTNERS}/hosted/hosts", {"host": "a.acme.com"})
    bad = await post(at, f"{PARTNERS}/hosted/hosts", {"host": "https://b.acme.com/"})

    assert answer.status == 200
    assert answer.result["partner"]["allowed_hosts"] == ["a.acme.com"]
    assert (bad.status, bad.document["code"]) == (400, "invalid_argument")


async def test_a_partner_is_disabled_and_enabled(at: Served) -> None:
    await post(at, PARTNERS, {"id": "switched"})

    disabled = await post(at, f"{PARTNERS}/switched/disable")
    enabled = await post(at, f"{PARTNERS}/switched/enable")

    assert (disabled.status, disabled.result["partner"]["enabled"]) == (200, False)
    assert (enabled.status, enabled.result["partner"]["enabled"]) == (200, True)


async def test_keys_are_made_listed_and_revoked(at: Served) -> None:
    await post(at, PARTNERS, {"id": "keyed"})
    path = f"{PARTNERS}/keyed/keys"

    made = await post(at, path, {"nonce_window": 10})
    plain = await post(at, path)
    listed = (await at.platform("GET", path)).result["keys"]
    revoked = [
        await at.platform("DELETE", f"{path}/{made.result['api_key']}"),
        await at.platform("DELETE", f"{path}/{quote(plain.result['api_key'], safe='')}"),
    ]

    assert (made.status, plain.status) == (201, 201)
    assert list(made.result) == ["key", "api_key", "api_secret"]
    assert (made.result["key"]["nonce_window"], plain.result["key"]["nonce_window"]) == (10, 0)
    assert len(listed) == 3
    for answer in revoked:
        assert answer.status == 200
        assert list(answer.result["key"]) == KEY
        assert answer.result["key"]["revoked_at"] is not None


async def test_a_foreign_key_is_not_found(at: Served) -> None:
    made = await post(at, PARTNERS, {"id": "foreign"})
    await post(at, PARTNERS, {"id": "stranger"})

    answer = await at.platform("DELETE", f"{PARTNERS}/stranger/keys/{made.result['api_key']}")

    assert (answer.status, answer.document["code"]) == (404, "not_found")


@pytest.mark.parametrize("window", [-1, 2**63, 1.5, "1", True, None])
async def test_a_window_is_a_number_within_bounds(at: Served, acme: PartnerClient, window: object) -> None:
    assert acme.key
    await post(at, PARTNERS, {"id": "window"})

    answer = await post(at, f"{PARTNERS}/window/keys", {"nonce_window": window})

    assert (answer.status, answer.document["field"]) == (400, "nonce_window")


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("POST", "/disable"),
        ("POST", "/enable"),
        ("GET", "/keys"),
        ("POST", "/keys"),
        ("DELETE", "/keys/x"),
    ],
)
async def test_an_unknown_partner_is_not_found(at: Served, method: str, rest: str) -> None:
    answer = await at.platform(method, f"{PARTNERS}/nobody{rest}")

    assert (answer.status, answer.document["code"]) == (404, "not_found")
