"""A link to a partner's own page, for an operator to hand over."""

from litestar import Response, post
from litestar.params import FromPath

from tidings.actions import portal
from tidings.web.console.access import PREFIX, Acting
from tidings.web.console.partners import partner_page
from tidings.web.pages.origin import base_url


@post(f"{PREFIX}/partners/{{partner_id:str}}/portal-link")
async def make_portal_link(act: Acting, partner_id: FromPath[str]) -> Response[bytes]:
    made = await portal.make_link(act.ctx, partner_id)
    base = base_url(act.scope, act.site.trusted_proxies)
    return await partner_page(act, partner_id, link=base + made.path, link_ends_at=made.ends_at)


HANDLERS = (make_portal_link,)
