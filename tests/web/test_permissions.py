"""Which API key may ask for what."""

import json
from collections.abc import Sequence

import pytest
from litestar.routes import HTTPRoute

from support.partner_client import PartnerClient, ask
from support.served import Served
from tidings.actions import keys, partners
from tidings.core.roles import ALL_PERMISSIONS, KeyPermission
from tidings.telemetry.facts import AccessRefused
from tidings.web.floods import AddressLimit
from tidings.web.openapi import Operation
from tidings.web.partner_api import openapi
from tidings.web.partner_api.app import build_partner_api
from tidings.web.partner_api.permissions import NEEDED

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEYS = "/platform/v1/partners/{}/keys"
READ, WRITE = KeyPermission.WEBHOOKS_READ, KeyPermission.WEBHOOKS_WRITE


async def client_with(at: Served, partner: str, *permissions: KeyPermission) -> PartnerClient:
    made = await keys.create(at.ctx, partner, nonce_window=0, permissions=permissions)
    return PartnerClient(port=at.port, key=made.key.key, secret=made.secret.reveal().decode())


async def partner_of(at: Served, acme: PartnerClient) -> str:
    return next(key.partner for key in await keys.list_keys(at.ctx, None) if key.key == acme.key)


async def test_every_route_says_which_permission_it_needs(at: Served) -> None:
    limit = AddressLimit(at.ctx.limits.rate_limit, clock=at.ctx.clock)
    app = build_partner_api(at.ctx, limit=limit, trusted_proxies=()).app
    found = {
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
        if method != "OPTIONS"
    }

    assert found - {"GET /b2b/openapi.json"} == set(NEEDED)


@pytest.mark.parametrize("permission", KeyPermission)
async def test_a_permission_opens_its_routes_and_no_others(
    at: Served, acme: PartnerClient, permission: KeyPermission
) -> None:
    client = await client_with(at, await partner_of(at, acme), permission)

    for route, needed in NEEDED.items():
        method, path = route.replace("{webhook_id}", "WHAAAAAA-AAAAA-AAAAAA").split()
        answer = await client.call(method, path)
        if permission is needed:
            assert answer.status in (200, 400, 404), (route, answer)
        else:
            assert (answer.status, answer.error) == (403, "EGeneral:Permission denied"), route


async def test_a_key_without_other_wishes_may_do_everything(acme: PartnerClient) -> None:
    webhook = (await acme.register())["webhook"]["id"]

    assert (await acme.call("GET", "/b2b/webhooks")).status == 200
    assert (await acme.call("DELETE", f"/b2b/webhooks/{webhook}")).status == 200


async def test_a_refused_request_has_spent_its_nonce_and_changed_nothing(at: Served, acme: PartnerClient) -> None:
    webhook = (await acme.register(enabled=True))["webhook"]
    reader = await client_with(at, await partner_of(at, acme), READ)
    before = len(at.facts)

    refused = await reader.send("DELETE", f"/b2b/webhooks/{webhook['id']}", b"", nonce="70")
    again = await reader.send("GET", "/b2b/webhooks", b"", nonce="70")
    listed = await reader.send("GET", "/b2b/webhooks", b"", nonce="71")

    assert (refused.status, refused.error) == (403, "EGeneral:Permission denied")
    assert (again.status, again.error) == (401, "EAPI:Invalid nonce")
    assert listed.result == {"webhooks": [webhook]}
    told = [fact for fact in at.facts[before:] if isinstance(fact, AccessRefused)]
    assert [fact.code for fact in told] == ["permission_denied", "invalid_nonce"]


async def test_the_permission_is_judged_after_the_signature(at: Served, acme: PartnerClient) -> None:
    reader = await client_with(at, await partner_of(at, acme), READ)
    key, nonce, _ = reader.signed("/b2b/webhooks", b"{}")

    answer = await ask(at.port, "POST", "/b2b/webhooks", headers=[key, nonce, ("API-Sign", "x")], body=b"{}")

    assert (answer.status, answer.error) == (401, "EAPI:Invalid signature")


async def test_the_platform_gives_a_key_its_permissions(at: Served) -> None:
    await partners.create(at.ctx, "permitted", name=None, allow_hosts=[])

    made = await at.platform("POST", KEYS.format("permitted"), b'{"permissions":["webhooks:read","webhooks:read"]}')
    listed = (await at.platform("GET", KEYS.format("permitted"))).result["keys"]

    assert made.status == 201
    assert made.result["key"]["permissions"] == ["webhooks:read"]
    assert sorted(key["permissions"] for key in listed) == [["webhooks:read"], list(ALL_PERMISSIONS)]


@pytest.mark.parametrize(
    ("permissions", "said"),
    [
        (["webhooks:burn"], "'webhooks:burn' is not one of webhooks:read, webhooks:write"),
        (["webhooks:read", ""], "'' is not one of webhooks:read, webhooks:write"),
        ([], "length >= 1"),
        ("webhooks:read", "expected array"),
        (None, "expected array"),
        ([1], "expected string, got number"),
    ],
)
async def test_odd_permissions_are_refused_with_a_reason(at: Served, permissions: Sequence[object], said: str) -> None:
    answer = await at.platform("POST", KEYS.format("acme"), json.dumps({"permissions": permissions}).encode())

    assert (answer.status, answer.document["field"]) == (400, "permissions")
    assert said in answer.document["detail"]


@pytest.mark.parametrize("operation", openapi.OPERATIONS, ids=lambda operation: operation.id)
async def test_the_document_says_what_is_needed_and_how_its_lack_is_answered(operation: Operation) -> None:
    documented = json.loads(openapi.DOCUMENT)["paths"][operation.path][operation.method]

    assert {right for scheme in documented["security"] for rights in scheme.values() for right in rights} == {
        NEEDED[operation.name]
    }
    assert "403" in documented["responses"]
