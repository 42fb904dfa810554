"""The console, put together."""

from litestar import Litestar, Response, get
from litestar.di import Provide
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler, Scope

from tidings.actions.context import Context
from tidings.web.api import Api, HttpRequest, Refusals
from tidings.web.client_address import Network, caller_of, client_address
from tidings.web.console import audit, deliveries, events, finding, overview, partners, webhooks
from tidings.web.console.access import PREFIX, Site, acts, visits
from tidings.web.console.login import Login
from tidings.web.floods import AddressLimit
from tidings.web.pages.assets import Assets
from tidings.web.pages.errors import TABLE, ErrorPages
from tidings.web.pages.rendering import Pages
from tidings.web.raw import header_once
from tidings.web.routes import Routes

_PAGES = (
    *overview.HANDLERS,
    *deliveries.HANDLERS,
    *events.HANDLERS,
    *partners.HANDLERS,
    *webhooks.HANDLERS,
    *audit.HANDLERS,
    *finding.HANDLERS,
)


def build_console(ctx: Context, *, limit: AddressLimit, trusted_proxies: tuple[Network, ...]) -> Api:
    """Return the console; ``limit`` is charged for every request."""

    def charge(scope: Scope) -> None:
        limit.charge(caller_of(client_address(scope, trusted_proxies)))

    site = Site(ctx=ctx, pages=Pages(PREFIX), trusted_proxies=trusted_proxies)
    refusals = Refusals(
        api="console",
        emit=ctx.emit,
        trusted_proxies=trusted_proxies,
        foreseen=TABLE,
        spell=ErrorPages(site.pages).spell,
    )
    app = Litestar(
        route_handlers=[*Login(site).handlers(), *_PAGES, serving(site.pages.assets)],
        dependencies={"visit": Provide(visits(site)), "act": Provide(acts(site))},
        exception_handlers={Exception: refusals.handle},
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    return Api(app=app, routes=Routes.of(app), refusals=refusals, admit=charge)


def serving(assets: Assets) -> ControllerRouterHandler:
    """Return what serves the assets, to anybody."""

    @get(f"{PREFIX}/assets/{{name:str}}")
    async def asset(request: HttpRequest, name: FromPath[str]) -> Response[bytes]:
        return assets.get(name).answer(header_once(request.scope, b"if-none-match")).response()

    return asset
