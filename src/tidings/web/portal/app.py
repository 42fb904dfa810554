"""The partner page, put together."""

from tidings.actions.context import Context
from tidings.web.api import Api
from tidings.web.client_address import Network
from tidings.web.floods import AddressLimit
from tidings.web.pages.rendering import Pages
from tidings.web.pages.site import Site
from tidings.web.pages.sites import build_site
from tidings.web.portal.access import PREFIX, SESSION_COOKIE, acts, visits
from tidings.web.portal.door import doors
from tidings.web.portal.handlers import HANDLERS


def build_portal(ctx: Context, *, limit: AddressLimit, trusted_proxies: tuple[Network, ...]) -> Api:
    """Return the partner page; ``limit`` is charged for every request."""
    site = Site(
        ctx=ctx,
        pages=Pages(PREFIX),
        trusted_proxies=trusted_proxies,
        prefix=PREFIX,
        cookie_name=SESSION_COOKIE,
        # It is opened from elsewhere: a link on another site must find the session that is there.
        same_site="Lax",
    )
    return build_site(site, "portal", [*doors(site), *HANDLERS], limit=limit, visits=visits(site), acts=acts(site))
