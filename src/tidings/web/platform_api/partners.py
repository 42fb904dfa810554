"""Partners, their hosts and their keys: parse, act, render."""

from urllib.parse import unquote

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath
from msgspec import UNSET

from tidings.actions import keys, partners
from tidings.errors import NotFound
from tidings.web.answer import result
from tidings.web.api import Ctx, HttpRequest
from tidings.web.platform_api.access import read_object, read_object_if_any
from tidings.web.platform_api.partner_views import (
    hosts_view,
    keys_view,
    new_key_view,
    new_partner_view,
    one_key_view,
    one_partner_view,
    partner_view,
    partners_view,
)
from tidings.web.platform_api.queries import partner_query
from tidings.web.platform_api.shapes import AllowHostBody, NewKeyBody, NewPartnerBody, PartnerChangeBody
from tidings.web.raw import raw_path
from tidings.web.shape import shaped

_PIECES_BEFORE_THE_KEY = 6


@post("/platform/v1/partners")
async def create_partner(ctx: Ctx, request: HttpRequest) -> Response[bytes]:
    body = shaped(await read_object(request), NewPartnerBody)
    made = await partners.create(ctx, body.id, name=body.name, allow_hosts=body.allow_hosts)
    return result(new_partner_view(made), status=201)


@get("/platform/v1/partners")
async def list_partners(ctx: Ctx, request: HttpRequest) -> Response[bytes]:
    query = partner_query(request.scope)
    cursor = None if query.cursor is UNSET else query.cursor
    return result(partners_view(await partners.page_partners(ctx, limit=query.limit, cursor=cursor)))


@get("/platform/v1/partners/{partner_id:str}")
async def show_partner(ctx: Ctx, partner_id: FromPath[str]) -> Response[bytes]:
    return result(partner_view(await partners.show(ctx, partner_id)))


@patch("/platform/v1/partners/{partner_id:str}")
async def update_partner(ctx: Ctx, request: HttpRequest, partner_id: FromPath[str]) -> Response[bytes]:
    body = shaped(await read_object(request), PartnerChangeBody)
    return result(one_partner_view(await partners.rename(ctx, partner_id, body.name)))


@get("/platform/v1/partners/{partner_id:str}/hosts")
async def list_hosts(ctx: Ctx, partner_id: FromPath[str]) -> Response[bytes]:
    return result(hosts_view((await partners.show(ctx, partner_id)).partner))


@post("/platform/v1/partners/{partner_id:str}/hosts")
async def allow_host(ctx: Ctx, request: HttpRequest, partner_id: FromPath[str]) -> Response[bytes]:
    body = shaped(await read_object(request), AllowHostBody)
    return result(one_partner_view(await partners.allow_host(ctx, partner_id, body.host)))


@delete("/platform/v1/partners/{partner_id:str}/hosts/{host:str}", status_code=200)
async def disallow_host(ctx: Ctx, partner_id: FromPath[str], host: FromPath[str]) -> Response[bytes]:
    return result(one_partner_view(await partners.disallow_host(ctx, partner_id, host)))


@post("/platform/v1/partners/{partner_id:str}/disable", status_code=200)
async def disable_partner(ctx: Ctx, partner_id: FromPath[str]) -> Response[bytes]:
    return result(one_partner_view(await partners.disable(ctx, partner_id)))


@post("/platform/v1/partners/{partner_id:str}/enable", status_code=200)
async def enable_partner(ctx: Ctx, partner_id: FromPath[str]) -> Response[bytes]:
    return result(one_partner_view(await partners.enable(ctx, partner_id)))


@get("/platform/v1/partners/{partner_id:str}/keys")
async def list_keys(ctx: Ctx, partner_id: FromPath[str]) -> Response[bytes]:
    found = await partners.show(ctx, partner_id)
    return result(keys_view(found.keys))


@post("/platform/v1/partners/{partner_id:str}/keys")
async def create_key(ctx: Ctx, request: HttpRequest, partner_id: FromPath[str]) -> Response[bytes]:
    body = shaped(await read_object_if_any(request), NewKeyBody)
    made = await keys.create(ctx, partner_id, nonce_window=body.nonce_window, permissions=body.permissions)
    return result(new_key_view(made), status=201)


@delete("/platform/v1/partners/{partner_id:str}/keys/{key:path}", status_code=200)
async def revoke_key(ctx: Ctx, request: HttpRequest, partner_id: FromPath[str]) -> Response[bytes]:
    # A key is base64 and may hold slashes, plain or encoded, doubled too: the framework would fold them.
    raw = raw_path(request.scope).split(b"/", _PIECES_BEFORE_THE_KEY)[_PIECES_BEFORE_THE_KEY]
    key = await _key_of(ctx, partner_id, unquote(raw.decode("ascii")))
    return result(one_key_view(await keys.revoke(ctx, key)))


async def _key_of(ctx: Ctx, partner: str, key: str) -> str:
    """Return ``key`` when it is the partner's. Raises NotFound for another's just as for none."""
    found = await partners.show(ctx, partner)
    if key not in {one.key for one in found.keys}:
        raise NotFound("key", key)
    return key


HANDLERS = (
    create_partner,
    list_partners,
    show_partner,
    update_partner,
    list_hosts,
    allow_host,
    disallow_host,
    disable_partner,
    enable_partner,
    list_keys,
    create_key,
    revoke_key,
)
