"""What a request of a partner passes before a handler sees it.

Owns the order: size, then key, signature and nonce, then the permission, then the version, then the body. Refuses a
body that is neither empty nor a JSON object, also where none is read: nonce and body are signed without a separator.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.types import Scope
from msgspec import Struct

from tidings.actions import access
from tidings.actions.access import SignedRequest
from tidings.actions.context import Context
from tidings.core import strict_json
from tidings.core.audit import Actor, ActorKind
from tidings.core.strict_json import JsonValue
from tidings.errors import InvalidArgument
from tidings.web.api import HttpRequest
from tidings.web.client_address import Network, address_text
from tidings.web.partner_api.permissions import NEEDED
from tidings.web.raw import header_once, read_body, target
from tidings.web.routes import asked_for

MOST_BODY = 64 * 1024
VERSION = b"2025-04-15"
_VERSION_HEADERS = (b"payward-version", b"kraken-version")


class Call(Struct, frozen=True):
    """An authenticated request: whose it is and what it says. ``ctx`` acts for its key; no body: no ``fields``."""

    ctx: Context
    partner: str
    fields: dict[str, JsonValue] | None


Admitted: TypeAlias = NamedDependency[SkipValidation[Call]]


def admission(ctx: Context, *, trusted_proxies: tuple[Network, ...]) -> Callable[[HttpRequest], Awaitable[Call]]:
    """Return what turns a request into a Call, or raises what is wrong with it."""

    async def admit(request: HttpRequest) -> Call:
        body = await read_body(request.scope, request.receive, limit=MOST_BODY)
        needed = NEEDED[asked_for(request.scope)]
        caller = await access.authenticate_partner(ctx, _signed(request.scope, body), needed=needed)
        _check_version(request.scope)
        actor = Actor(ActorKind.API_KEY, caller.key, address_text(request.scope, trusted_proxies))
        return Call(ctx.by(actor), caller.partner, strict_json.parse_object(body) if body else None)

    return admit


def _signed(scope: Scope, body: bytes) -> SignedRequest:
    key = header_once(scope, b"api-key")
    return SignedRequest(
        key=None if key is None else key.decode("latin-1"),
        nonce=header_once(scope, b"api-nonce"),
        sign=header_once(scope, b"api-sign"),
        target=target(scope),
        body=body,
    )


def _check_version(scope: Scope) -> None:
    for name in _VERSION_HEADERS:
        values = [value for key, value in scope["headers"] if key == name]
        if values and values != [VERSION]:
            raise InvalidArgument("Payward-Version", f"the only version is {VERSION.decode()}")
        if values:
            return
