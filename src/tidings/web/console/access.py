"""Who is at the console.

Owns the session cookie, and what a request must be before a handler sees it: of a session, and for an act also of an
operator's role, of our origin and with the form token. Refuses to tell a stranger anything but where to log in.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import quote

from litestar import Response
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.types import Scope
from msgspec import Struct

from tidings.actions import sessions
from tidings.actions.context import Context
from tidings.actions.sessions import Session
from tidings.core.model import OperatorRole
from tidings.errors import Denied, Unauthenticated
from tidings.web.api import HttpRequest
from tidings.web.pages import answers, origin
from tidings.web.pages.errors import LoginNeeded
from tidings.web.pages.forms import Form, query_of, read_form
from tidings.web.pages.site import FORM_FIELD, Site
from tidings.web.raw import target

PREFIX = "/console"
LOGIN = f"{PREFIX}/login"
SESSION_COOKIE = "tidings_console"
NAVIGATION = (
    ("", "Overview"),
    ("/deliveries", "Deliveries"),
    ("/events", "Events"),
    ("/partners", "Partners"),
    ("/webhooks", "Webhooks"),
    ("/redeliveries", "Redeliveries"),
    ("/audit", "Audit trail"),
)
"""Where every page of the console leads to: below the prefix, and what it is called."""


class Visitor(Struct, frozen=True, kw_only=True):
    """The operator, as templates see them."""

    name: str
    role: str
    may_act: bool
    form_token: str


class Visit(Struct, frozen=True, kw_only=True):
    """A request of an operator who is logged in."""

    site: Site
    session: Session
    scope: Scope

    @property
    def ctx(self) -> Context:
        """The context in the hands of the operator."""
        return sessions.by_operator(self.site.ctx, self.session.operator.name, self.site.address(self.scope))

    @property
    def query(self) -> Form:
        return query_of(self.scope)

    def page(self, template: str, *, status: int = 200, **values: object) -> Response[bytes]:
        """Return a page of the console."""
        html = self.site.pages.render(
            template, visitor=_visitor(self.session), nav=NAVIGATION, here=_path(self.scope), **values
        )
        return answers.page(html, status=status).response()


class Act(Visit, frozen=True, kw_only=True):
    """A form that an operator sent, and may."""

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
        if session.operator.role is not OperatorRole.OPERATOR:
            raise Denied("a viewer only looks; ask an operator to do this")
        form = await read_form(request.scope, request.receive)
        origin.check_form_token(session.token, form.one(FORM_FIELD))
        return Act(site=site, session=session, scope=request.scope, form=form)

    return act


async def session_of(site: Site, scope: Scope) -> Session:
    """Return the session of a request. Raises LoginNeeded."""
    token = site.token(scope)
    if not token:
        raise LoginNeeded(_login_for(scope))
    try:
        return await sessions.resume(site.ctx, token, is_used=origin.is_by_hand(scope))
    except Unauthenticated:
        raise LoginNeeded(_login_for(scope)) from None


def _login_for(scope: Scope) -> str:
    if scope.get("method") != "GET":
        return LOGIN
    return f"{LOGIN}?next={quote(target(scope).decode('latin-1'), safe='/')}"


def _visitor(session: Session) -> Visitor:
    return Visitor(
        name=session.operator.name,
        role=session.operator.role.value,
        may_act=session.operator.role is OperatorRole.OPERATOR,
        form_token=origin.form_token(session.token),
    )


def _path(scope: Scope) -> str:
    return target(scope).decode("latin-1").partition("?")[0]
