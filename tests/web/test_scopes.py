"""Which platform token may ask for what."""

import json

import pytest
from litestar.routes import HTTPRoute

from support.partner_client import Answered, ask
from support.platform_answers import problem
from support.served import Served
from tidings.actions import tokens
from tidings.core.roles import TokenScope
from tidings.telemetry.facts import AccessRefused
from tidings.web.openapi import Operation
from tidings.web.platform_api import openapi
from tidings.web.platform_api.app import build_platform_api
from tidings.web.platform_api.scopes import NEEDED

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPEN = {"GET /healthz", "GET /readyz", "GET /metrics", "GET /platform/openapi.json"}


async def numbers() -> bytes:
    return b""


async def token_of(at: Served, *scopes: TokenScope) -> str:
    name = "-".join(("scoped", *scopes))
    known = {token.name for token in await tokens.list_tokens(at.ctx)}
    number = sum(one.startswith(name) for one in known)
    return (await tokens.create(at.ctx, f"{name}.{number}", scopes=scopes)).token


async def asked(at: Served, token: str, route: str, body: bytes = b"") -> Answered:
    method, path = route.replace("{", "no-").replace("}", "").split()
    # A stream would not end; a wrong parameter is told only to those who are let in.
    path += "?colour=red" if path.endswith("/live") else ""
    return await ask(at.port, method, path, headers=[("Authorization", f"Bearer {token}")], body=body)


async def test_every_route_says_which_scope_it_needs(at: Served) -> None:
    app = build_platform_api(at.ctx, metrics=numbers, trusted_proxies=()).app
    guarded: set[str] = set()
    unguarded: set[str] = set()
    for route in app.routes:
        assert isinstance(route, HTTPRoute)
        for handler in route.route_handlers:
            names = {f"{method} {route.path_format}" for method in handler.http_methods if method != "OPTIONS"}
            (guarded if handler.resolve_guards() else unguarded).update(names)

    assert guarded == set(NEEDED)
    assert unguarded == OPEN


@pytest.mark.parametrize("scope", TokenScope)
async def test_a_scope_opens_its_routes_and_no_others(at: Served, scope: TokenScope) -> None:
    token = await token_of(at, scope)

    for route, needed in NEEDED.items():
        answer = await asked(at, token, route)
        if scope in (needed, TokenScope.ADMIN):
            # Nothing of what the paths name exists, and no body was sent: let in is who is told so.
            assert answer.status in (200, 400, 404), (route, answer)
        else:
            document = problem(answer, 403, "permission_denied")
            assert document["detail"] == f"this token lacks the scope {needed}", route


async def test_two_scopes_open_the_routes_of_both(at: Served) -> None:
    token = await token_of(at, TokenScope.READ, TokenScope.PUBLISH)

    statuses = {needed: (await asked(at, token, route)).status for route, needed in NEEDED.items()}

    assert {scope for scope, status in statuses.items() if status == 403} == {TokenScope.OPERATE, TokenScope.ADMIN}


async def test_a_refusal_changes_nothing_and_is_told(at: Served) -> None:
    token = await token_of(at, TokenScope.READ, TokenScope.PUBLISH, TokenScope.OPERATE)
    before = len(at.facts)

    answer = await asked(at, token, "POST /platform/v1/partners", json.dumps({"id": "sneaked-in"}).encode())

    assert answer.status == 403
    refusals = [fact for fact in at.facts[before:] if isinstance(fact, AccessRefused)]
    assert refusals == [AccessRefused(api="platform", code="permission_denied", address="127.0.0.1")]
    assert (await at.platform("GET", "/platform/v1/partners/sneaked-in")).status == 404


async def test_a_large_body_is_not_read_for_who_may_not_send_it(at: Served) -> None:
    token = await token_of(at, TokenScope.READ)

    head = [("Authorization", f"Bearer {token}"), ("Content-Length", "5000000")]
    answer = await ask(at.port, "POST", "/platform/v1/events", headers=head, length=False)

    assert answer.status == 403


async def test_a_token_that_is_unknown_is_told_so_and_not_what_it_lacks(at: Served) -> None:
    for route in NEEDED:
        problem(await asked(at, "tdt_unknown", route), 401, "unauthenticated")


async def test_a_revoked_token_is_refused_from_the_next_request_on(at: Served) -> None:
    token = await token_of(at, TokenScope.ADMIN)
    name = next(one.name for one in reversed(await tokens.list_tokens(at.ctx)) if one.name.startswith("scoped-admin"))
    assert (await asked(at, token, "GET /platform/v1/partners")).status == 200

    await tokens.revoke(at.ctx, name)

    problem(await asked(at, token, "GET /platform/v1/partners"), 401, "unauthenticated")


@pytest.mark.parametrize("operation", openapi.OPERATIONS, ids=lambda operation: operation.id)
async def test_the_document_says_what_is_needed_and_how_its_lack_is_answered(operation: Operation) -> None:
    documented = json.loads(openapi.DOCUMENT)["paths"][operation.path][operation.method]

    needed = NEEDED.get(operation.name)
    assert documented["security"] == ([] if needed is None else [{"token": [needed]}])
    assert ("403" in documented["responses"]) is (needed is not None)
    assert ("401" in documented["responses"]) is (needed is not None)
