"""Section 7: tokens and keys that want more than they were given, and those that were taken away.

Owns the walk over every route that the served documents name, with rights that do not reach it.
"""

import asyncio
import itertools
import json
import re
from dataclasses import dataclass

from attack.holdings import rows_of
from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import Hook, Kind, Site, Stage
from support.partner_client import Answered, Header, JsonObject, PartnerClient, ask

_HERE = Section.ROLES
_LIST = "/b2b/webhooks"
_PARTNERS = "/platform/v1/partners"
_LESSER = ("publish", "read", "operate")
_DISGUISES: tuple[list[Header], ...] = (
    [],
    [("X-HTTP-Method-Override", "GET"), ("X-HTTP-Method", "GET"), ("X-Method-Override", "GET")],
    [("X-Original-URL", "/healthz"), ("X-Rewrite-URL", "/healthz")],
    [("X-Forwarded-For", "127.0.0.1"), ("X-Scopes", "admin"), ("Cookie", "scope=admin")],
)
_OK, _UNAUTHORIZED, _FORBIDDEN = 200, 401, 403
_FEWEST_ROUTES = 10
_HAMMERS = 6
_USES_AFTERWARDS = 10
_MOST_COMMANDS = 5
_numbers = itertools.count(1)
_BODY: JsonObject = {
    "id": "sneaked-in",
    "host": "sneaked.attacker.com",
    "name": "Sneaked In",
    "events": [{"partner": "sneaked-in", "payload": {}}],
}


@dataclass(frozen=True)
class _Place:
    """A route of a served document, with real names in its path, and the right that it asks for."""

    method: str
    path: str
    needed: str


async def _scopes(stage: Stage, _size: Size) -> Tally:
    """Every route with every set of scopes that does not reach it."""
    tally = Tally()
    async with stage.own_site() as site:
        (hook,) = await site.hooks(stage.names("scoped", 1))
        (delivery,) = await site.publish(hook.partner)
        places = await _places(site, "/platform/openapi.json", _names(hook, delivery["id"]))
        tally.hold(len(places) >= _FEWEST_ROUTES, f"only {len(places)} routes")
        for count in range(1, len(_LESSER) + 1):
            for scopes in itertools.combinations(_LESSER, count):
                _, token = await _token(site, *scopes)
                before = rows_of(site, but_key=hook.client.key)
                for place, disguise in itertools.product(places, _DISGUISES):
                    if place.needed not in scopes:
                        await _denied(site, tally, token, place, disguise)
                after = rows_of(site, but_key=hook.client.key)
                tally.hold(before == after, f"{scopes}: the database changed: {set(before) ^ set(after)}")
                tally.hold(bool(before), "nothing was compared")
    tally.note(f"{len(places)} routes")
    return tally


async def _denied(site: Site, tally: Tally, token: str, place: _Place, disguise: list[Header]) -> None:
    headers = [("Authorization", f"Bearer {token}"), ("Content-Type", "application/json"), *disguise]
    body = b"" if place.method == "GET" else json.dumps(_BODY).encode()
    answer = await ask(site.port, place.method, place.path, headers=headers, body=body)
    right = answer.status == _FORBIDDEN and answer.document["code"] == "permission_denied"
    tally.check(right, f"{place.method} {place.path} {disguise[:1]}: {answer}")
    tally.saw(f"status {answer.status}:")


async def _permissions(stage: Stage, _size: Size) -> Tally:
    """Every call of the partner API with a key that has the other permission."""
    tally = Tally()
    async with stage.own_site() as site:
        (hook,) = await site.hooks(stage.names("permitted", 1))
        places = await _places(site, "/b2b/openapi.json", _names(hook, "none"))
        for permission in ("webhooks:read", "webhooks:write"):
            client = await _client(site, hook.partner, permission)
            before = rows_of(site, but_key=client.key)
            for place, disguise in itertools.product(places, _DISGUISES):
                if place.needed != permission:
                    answer = await client.call(place.method, place.path, {"enabled": False}, headers=disguise)
                    tally.check(_is_denied(answer), f"{permission}: {place.method} {place.path}: {answer}")
                    tally.saw(f"status {answer.status}:")
            after = rows_of(site, but_key=client.key)
            tally.hold(before == after, f"{permission}: the database changed: {set(before) ^ set(after)}")
    return tally


def _is_denied(answer: Answered) -> bool:
    return answer.status == _FORBIDDEN and answer.error == "EGeneral:Permission denied"


async def _revocation(stage: Stage, size: Size) -> Tally:
    """Tokens and keys in steady use at two processes, revoked meanwhile: nothing asked after the answer comes in."""
    tally = Tally()
    async with stage.own_site(kind=Kind.POSTGRESQL, processes=2) as site:
        name, _ = await site.partner()
        for _ in range(size.rounds):
            await _hammer(tally, site, _Key(name, await _client(site, name, "webhooks:read")))
        for _ in range(min(size.rounds, _MOST_COMMANDS)):
            await _hammer(tally, site, _Token(await _token(site, "read")))
    return tally


@dataclass(frozen=True)
class _Key:
    partner: str
    client: PartnerClient

    async def ask(self, port: int) -> Answered:
        return await ask(port, "GET", _LIST, headers=self.client.signed(_LIST))

    async def revoke(self, site: Site) -> None:
        answer = await site.platform.http.delete(f"{_PARTNERS}/{self.partner}/keys/{self.client.key}")
        assert answer.is_success, answer.text


@dataclass(frozen=True)
class _Token:
    named: tuple[str, str]

    async def ask(self, port: int) -> Answered:
        return await ask(port, "GET", _PARTNERS, headers=[("Authorization", f"Bearer {self.named[1]}")])

    async def revoke(self, site: Site) -> None:
        await site.installation.ask("token", "revoke", self.named[0])


async def _hammer(tally: Tally, site: Site, credential: _Key | _Token) -> None:
    """Use a credential from several sides at once, revoke it, and use it on."""
    revoked = asyncio.Event()
    warm: list[asyncio.Event] = [asyncio.Event() for _ in range(_HAMMERS)]
    ports = [site.services[number % len(site.services)].port for number in range(_HAMMERS)]

    async def use(port: int, is_warm: asyncio.Event) -> None:
        late = 0
        while late < _USES_AFTERWARDS:
            is_late = revoked.is_set()
            answer = await credential.ask(port)
            if is_late:
                late += 1
                tally.check(answer.status == _UNAUTHORIZED, f"after it was revoked: {answer}")
            elif answer.status == _OK:
                is_warm.set()

    async with asyncio.TaskGroup() as group:
        for port, is_warm in zip(ports, warm, strict=True):
            group.create_task(use(port, is_warm))
        for is_warm in warm:
            await is_warm.wait()
        await credential.revoke(site)
        revoked.set()
    tally.saw("revoked in use:")


async def _places(site: Site, document: str, names: dict[str, str]) -> list[_Place]:
    """Return the routes of a served document that need a right."""
    paths: JsonObject = (await ask(site.port, "GET", document)).document["paths"]
    return [
        _Place(method.upper(), re.sub(r"{(\w+)}", lambda part: names.get(part[1], "x"), path), _needed(operation))
        for path, operations in paths.items()
        for method, operation in operations.items()
        if operation["security"]
    ]


def _needed(operation: JsonObject) -> str:
    (schemes,) = operation["security"]
    (needed,) = {right for rights in schemes.values() for right in rights}
    return str(needed)


def _names(hook: Hook, delivery: str) -> dict[str, str]:
    return {
        "partner_id": hook.partner,
        "key": hook.client.key.replace("/", "%2F"),
        "host": hook.host,
        "webhook_id": hook.id,
        "delivery_id": delivery,
    }


async def _token(site: Site, *scopes: str) -> tuple[str, str]:
    """Make a token with these scopes; return its name and the token."""
    name = f"lesser-{next(_numbers)}"
    options = [word for scope in scopes for word in ("--scope", scope)]
    return name, str((await site.installation.ask("token", "create", name, *options))["token"])


async def _client(site: Site, partner: str, permission: str) -> PartnerClient:
    wanted = {"permissions": [permission], "nonce_window": 1_000}
    answer = await site.platform.http.post(f"{_PARTNERS}/{partner}/keys", json=wanted)
    assert answer.is_success, answer.text
    made = answer.json()["result"]
    return PartnerClient(port=site.port, key=made["api_key"], secret=made["api_secret"])


ROWS = (
    Row(
        name="scopes",
        section=_HERE,
        attack="every route of the platform API with every set of scopes that does not reach it, plainly and with "
        "headers that pretend to be another request",
        expected="403, and no row of the database changed",
        play=_scopes,
    ),
    Row(
        name="permissions",
        section=_HERE,
        attack="every call of the partner API with a key that has the other permission, well signed",
        expected="403 `EGeneral:Permission denied`, and no row of the database changed",
        play=_permissions,
    ),
    Row(
        name="revocation",
        section=_HERE,
        attack="keys and tokens in steady use from six sides at two processes on PostgreSQL, revoked meanwhile",
        expected="401 to everything that was asked after the revocation was answered, at both processes",
        play=_revocation,
    ),
)
