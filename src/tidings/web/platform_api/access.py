"""What a request to the platform API passes before a handler acts.

Owns the bearer token, the scope that its route needs, and the strict reading of a body. Refuses tokens anywhere but in
the Authorization header.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, cast

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from tidings.actions import access
from tidings.actions.context import Context
from tidings.core import strict_json
from tidings.core.audit import Actor, ActorKind
from tidings.core.strict_json import JsonValue
from tidings.errors import Unauthenticated
from tidings.web.api import ACTOR, HttpRequest
from tidings.web.client_address import Network, address_text
from tidings.web.platform_api.scopes import NEEDED
from tidings.web.raw import header_once, read_body
from tidings.web.routes import asked_for

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
Guard: TypeAlias = Callable[[Connection, BaseRouteHandler], Awaitable[None]]

MOST_BODY = 64 * 1024
MOST_BATCH = 5 * 1024 * 1024
_BEARER = re.compile(rb"bearer +([!-~]{1,512})", re.IGNORECASE)


def token_guard(ctx: Context, *, trusted_proxies: tuple[Network, ...]) -> Guard:
    """Return what lets only living tokens of the scope that the route needs pass. It runs before the body is read."""

    async def guard(connection: Connection, _handler: BaseRouteHandler) -> None:
        given = header_once(connection.scope, b"authorization")
        found = None if given is None else _BEARER.fullmatch(given)
        if found is None:
            raise Unauthenticated("a platform token is needed: Authorization: Bearer <token>")
        needed = NEEDED[asked_for(connection.scope)]
        token = await access.authenticate_token(ctx, found[1].decode("ascii"), needed=needed)
        address = address_text(connection.scope, trusted_proxies)
        cast("dict[str, Any]", connection.scope)[ACTOR] = Actor(ActorKind.TOKEN, token.name, address)

    return guard


async def read_object(request: HttpRequest) -> dict[str, JsonValue]:
    return strict_json.parse_object(await read_body(request.scope, request.receive, limit=MOST_BODY))


async def read_object_if_any(request: HttpRequest) -> dict[str, JsonValue]:
    """Return the body's object; no body is an empty one."""
    body = await read_body(request.scope, request.receive, limit=MOST_BODY)
    return strict_json.parse_object(body) if body else {}
