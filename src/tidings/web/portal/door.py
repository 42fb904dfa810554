"""Coming in by a link, and leaving.

Owns that a link is not used up by being looked at: programs that look at every link in a mail must not take it away
from the person it is for. So the page asks for one click.
"""

from collections.abc import Sequence

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler

from tidings.actions import portal
from tidings.errors import Unauthenticated
from tidings.telemetry.facts import AccessRefused
from tidings.web.api import HttpRequest
from tidings.web.pages import answers, origin
from tidings.web.pages.forms import query_of, read_form
from tidings.web.pages.site import Site
from tidings.web.portal.access import OPEN, PREFIX, Acting


def doors(site: Site) -> Sequence[ControllerRouterHandler]:
    """Return the handlers that let in and out."""

    @get(OPEN)
    async def show_door(request: HttpRequest) -> Response[bytes]:
        html = site.pages.render("open.html", token=query_of(request.scope).one("token"), refusal=None)
        return answers.page(html).response()

    @post(OPEN)
    async def open_link(request: HttpRequest) -> Response[bytes]:
        origin.check_origin(request.scope, site.trusted_proxies)
        form = await read_form(request.scope, request.receive)
        address = site.address(request.scope)
        try:
            session = await portal.open_link(site.ctx, form.one("token"), address=address)
        except Unauthenticated as error:
            site.ctx.emit(AccessRefused(api="portal", code=error.code, address=address))
            html = site.pages.render("open.html", token="", refusal=str(error))
            return answers.page(html, status=401).response()
        return answers.see_other(PREFIX, cookie=site.cookie(request.scope, session.token)).response()

    @post(f"{PREFIX}/leave")
    async def leave(act: Acting) -> Response[bytes]:
        await portal.leave(act.site.ctx, act.session)
        return answers.see_other(OPEN, cookie=act.site.cookie(act.scope, "")).response()

    return [show_door, open_link, leave]
