"""Logging in and out.

Owns the limits on guessing, for each address and each name; they are this process's own. Refuses to tell a wrong name
from a wrong password, and to send anybody on to a place that is not the console's.
"""

import re
import secrets
from collections.abc import Sequence

from litestar import Response, get, post
from litestar.types import ControllerRouterHandler, Scope

from tidings.actions import sessions
from tidings.actions.access import digest_of
from tidings.core.rate import Rate
from tidings.core.secret import Secret
from tidings.errors import RateLimited, Unauthenticated
from tidings.telemetry.facts import AccessRefused
from tidings.web.api import HttpRequest
from tidings.web.client_address import caller_of, client_address
from tidings.web.console.access import LOGIN, PREFIX, session_of
from tidings.web.floods import AddressLimit
from tidings.web.pages import answers, origin
from tidings.web.pages.answers import Cookie
from tidings.web.pages.errors import LoginNeeded
from tidings.web.pages.forms import Form, cookies_of, query_of, read_form
from tidings.web.pages.site import FORM_FIELD, Site

PER_ADDRESS = Rate(20, 0.2)
PER_NAME = Rate(10, 0.1)
_LOGIN_COOKIE = "tidings_login"
_TOKEN_BYTES = 16
_INSIDE = re.compile(rf"{PREFIX}(?:[/?][!-\[\]-~]{{0,2000}})?")


class Login:
    """The handlers of the login page."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._by_address = AddressLimit(PER_ADDRESS, clock=site.ctx.clock)
        self._by_name = AddressLimit(PER_NAME, clock=site.ctx.clock)

    def handlers(self) -> Sequence[ControllerRouterHandler]:
        @get(LOGIN)
        async def show_login(request: HttpRequest) -> Response[bytes]:
            return await self._show(request.scope)

        @post(LOGIN)
        async def log_in(request: HttpRequest) -> Response[bytes]:
            origin.check_origin(request.scope, self._site.trusted_proxies)
            form = await read_form(request.scope, request.receive)
            origin.check_form_token(cookies_of(request.scope).get(_LOGIN_COOKIE, ""), form.one(FORM_FIELD))
            return await self._log_in(request.scope, form)

        @post(f"{PREFIX}/logout")
        async def log_out(request: HttpRequest) -> Response[bytes]:
            origin.check_origin(request.scope, self._site.trusted_proxies)
            session = await session_of(self._site, request.scope)
            form = await read_form(request.scope, request.receive)
            origin.check_form_token(session.token, form.one(FORM_FIELD))
            await sessions.log_out(self._site.ctx, session)
            return answers.see_other(LOGIN, cookie=self._site.cookie(request.scope, "")).response()

        return [show_login, log_in, log_out]

    async def _show(self, scope: Scope) -> Response[bytes]:
        place = _inside(query_of(scope).one("next"))
        try:
            await session_of(self._site, scope)
        except LoginNeeded:
            return self._page(scope, place)
        return answers.see_other(place).response()

    async def _log_in(self, scope: Scope, form: Form) -> Response[bytes]:
        name, place = form.one("name"), _inside(form.one("next"))
        caller = caller_of(client_address(scope, self._site.trusted_proxies))
        address = self._site.address(scope)
        # A name may be as long as a form: what is kept of it is as long as any other.
        typed = digest_of(name)
        try:
            self._by_address.charge(caller)
            self._by_name.charge(typed)
            session = await sessions.log_in(self._site.ctx, name, _secret(form.one("password")), address=address)
        except (Unauthenticated, RateLimited) as error:
            self._site.ctx.emit(AccessRefused(api="console", code=error.code, address=address))
            status = 401 if isinstance(error, Unauthenticated) else 429
            return self._page(scope, place, name=name, refusal=str(error), status=status)
        self._by_address.give_back(caller)
        self._by_name.give_back(typed)
        return answers.see_other(place, cookie=self._site.cookie(scope, session.token)).response()

    def _page(
        self, scope: Scope, place: str, *, name: str = "", refusal: str | None = None, status: int = 200
    ) -> Response[bytes]:
        # Its form is bound to this browser: nobody can log a victim in under a name of their own.
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        html = self._site.pages.render(
            "login.html", next=place, name=name, refusal=refusal, form_token=origin.form_token(token)
        )
        secure = origin.is_https(scope, self._site.trusted_proxies)
        cookie = Cookie(name=_LOGIN_COOKIE, value=token, path=LOGIN, same_site="Strict", secure=secure)
        return answers.page(html, status=status, cookie=cookie).response()


def _inside(place: str) -> str:
    return place if _INSIDE.fullmatch(place) else PREFIX


def _secret(text: str) -> Secret:
    return Secret(text.encode("utf-8", "surrogatepass"))
