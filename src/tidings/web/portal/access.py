"""Who is at the partner page: somebody whom a link let in, as one partner.

Owns that every handler works for the partner of the session and can name no other.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.types import Scope
from msgspec import Struct

from tidings.actions import portal
from tidings.actions.context import Context
from tidings.actions.portal import PortalSession
from tidings.errors import Unauthenticated
from tidings.web.api import HttpRequest
from tidings.web.pages import answers, origin
from tidings.web.pages.errors import LoginNeeded
from tidings.web.pages.forms import Form, query_of, read_form
from tidings.web.pages.site import FORM_FIELD, Site

PREFIX = "/portal"
OPEN = portal.OPENED_AT
SESSION_COOKIE = "tidings_portal"


class Guest(Struct, frozen=True, kw_only=True):
    """The partner, as templates see it."""

    name: str
    may_act: bool
    form_token: str


class Visit(Struct, frozen=True, kw_only=True):
    """A request for something of the session's partner."""

    site: Site
    session: PortalSession
    scope: Scope

    @property
    def partner(self) -> str:
        return self.session.partner

    @property
    def ctx(self) -> Context:
        """The context in the hands of the partner."""
        return portal.by_partner(self.site.ctx, self.partner, self.site.address(self.scope))

    @property
    def query(self) -> Form:
        return query_of(self.scope)

    def page(self, template: str, **values: object) -> Response[bytes]:
        guest = Guest(name=self.partner, may_act=True, form_token=origin.form_token(self.session.token))
        return answers.page(self.site.pages.render(template, visitor=guest, **values)).response()


class Act(Visit, frozen=True, kw_only=True):
    """A form that was sent from the partner's page."""

    form: Form

    def see(self, place: str) -> Response[bytes]:
        """Send the browser on, so that loading again does not act again."""
        return answers.see_other(place).response()


Visiting: TypeAlias = NamedDependency[SkipValidation[Visit]]
Acting: TypeAlias = NamedDependency[SkipValidation[Act]]


def visits(site: Site) -> Callable[[HttpRequest], Awaitable[Visit]]:
    """Return what turns a request into a Visit, or raises LoginNeeded."""

    async def visit(request: HttpRequest) -> Visit:
        return Visit(site=site, session=await session_of(site, request.scope), scope=request.scope)

    return visit


def acts(site: Site) -> Callable[[HttpRequest], Awaitable[Act]]:
    """Return what turns a form into an Act, or raises LoginNeeded or Denied."""

    async def act(request: HttpRequest) -> Act:
        origin.check_origin(request.scope, site.trusted_proxies)
        session = await session_of(site, request.scope)
        form = await read_form(request.scope, request.receive)
        origin.check_form_token(session.token, form.one(FORM_FIELD))
        return Act(site=site, session=session, scope=request.scope, form=form)

    return act


async def session_of(site: Site, scope: Scope) -> PortalSession:
    """Return the session of a request. Raises LoginNeeded."""
    try:
        return await portal.resume(site.ctx, site.token(scope))
    except Unauthenticated:
        raise LoginNeeded(OPEN) from None
