"""A site: pages under one prefix, with one kind of session cookie."""

from litestar.types import Scope
from msgspec import Struct

from tidings.actions.context import Context
from tidings.web.client_address import Network, address_text
from tidings.web.pages import origin
from tidings.web.pages.answers import Cookie
from tidings.web.pages.forms import cookies_of
from tidings.web.pages.rendering import Pages

FORM_FIELD = "form_token"
"""The field in which each form carries the token of its session."""


class Site(Struct, frozen=True, kw_only=True):
    """What every page of a site is made with."""

    ctx: Context
    pages: Pages
    trusted_proxies: tuple[Network, ...]
    prefix: str
    cookie_name: str
    same_site: str

    def cookie(self, scope: Scope, value: str) -> Cookie:
        """Return the session cookie; an empty value takes it away."""
        return Cookie(
            name=self.cookie_name,
            value=value,
            path=self.prefix,
            same_site=self.same_site,
            secure=origin.is_https(scope, self.trusted_proxies),
        )

    def token(self, scope: Scope) -> str:
        """Return the token of the session cookie, empty without one."""
        return cookies_of(scope).get(self.cookie_name, "")

    def address(self, scope: Scope) -> str | None:
        return address_text(scope, self.trusted_proxies)
