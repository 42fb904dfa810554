"""Links to partners' own pages: parse, act, render."""

from litestar import Response, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from tidings.actions import portal
from tidings.web.answer import result
from tidings.web.api import Ctx, HttpRequest
from tidings.web.client_address import Network
from tidings.web.pages.origin import base_url
from tidings.web.platform_api.partner_views import portal_link_view


def portal_link_handler(trusted_proxies: tuple[Network, ...]) -> ControllerRouterHandler:
    """Return what makes links; they lead to where the request came in, as far as trusted proxies tell."""

    @post("/platform/v1/partners/{partner_id:str}/portal-link")
    async def make_portal_link(ctx: Ctx, request: HttpRequest, partner_id: FromPath[str]) -> Response[bytes]:
        link = await portal.make_link(ctx, partner_id)
        return result(portal_link_view(link, base=base_url(request.scope, trusted_proxies)), status=201)

    return make_portal_link
