"""The console, put together."""

from tidings.actions.context import Context
from tidings.web.api import Api
from tidings.web.client_address import Network
from tidings.web.console import (
    audit,
    deliveries,
    events,
    finding,
    live,
    overview,
    partners,
    portal_links,
    redeliveries,
    webhooks,
)
from tidings.web.console.access import PREFIX, SESSION_COOKIE, acts, visits
from tidings.web.console.login import Login
from tidings.web.floods import AddressLimit
from tidings.web.pages.rendering import Pages
from tidings.web.pages.site import Site
from tidings.web.pages.sites import build_site

_PAGES = (
    *overview.HANDLERS,
    *deliveries.HANDLERS,
    *live.HANDLERS,
    *events.HANDLERS,
    *partners.HANDLERS,
    *portal_links.HANDLERS,
    *webhooks.HANDLERS,
    *redeliveries.HANDLERS,
    *audit.HANDLERS,
    *finding.HANDLERS,
)


def build_console(ctx: Context, *, limit: AddressLimit, trusted_proxies: tuple[Network, ...]) -> Api:
    """Return the console; ``limit`` is charged for every request."""
    site = Site(
        ctx=ctx,
        pages=Pages(PREFIX),
        trusted_proxies=trusted_proxies,
        prefix=PREFIX,
        cookie_name=SESSION_COOKIE,
        same_site="Strict",
    )
    handlers = [*Login(site).handlers(), *_PAGES]
    return build_site(site, "console", handlers, limit=limit, visits=visits(site), acts=acts(site))
