"""Putting a site together: its handlers, its assets, its pages of errors."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from litestar import Litestar, Response, get
from litestar.di import Provide
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler, Scope

from tidings.web.api import Api, HttpRequest, Refusals
from tidings.web.client_address import caller_of, client_address
from tidings.web.floods import AddressLimit
from tidings.web.pages.errors import TABLE, ErrorPages
from tidings.web.pages.site import Site
from tidings.web.raw import header_once
from tidings.web.routes import Routes


def build_site(
    site: Site,
    name: str,
    handlers: Sequence[ControllerRouterHandler],
    *,
    limit: AddressLimit,
    visits: Callable[[HttpRequest], Awaitable[Any]],
    acts: Callable[[HttpRequest], Awaitable[Any]],
) -> Api:
    """Return a site. ``limit`` is charged for every request; ``visits`` and ``acts`` let in who may look and act."""

    def charge(scope: Scope) -> None:
        limit.charge(caller_of(client_address(scope, site.trusted_proxies)))

    refusals = Refusals(
        api=name,
        emit=site.ctx.emit,
        trusted_proxies=site.trusted_proxies,
        foreseen=TABLE,
        spell=ErrorPages(site.pages).spell,
    )
    app = Litestar(
        route_handlers=[*handlers, _serving(site)],
        dependencies={"visit": Provide(visits), "act": Provide(acts)},
        exception_handlers={Exception: refusals.handle},
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    return Api(app=app, routes=Routes.of(app), refusals=refusals, admit=charge)


def _serving(site: Site) -> ControllerRouterHandler:
    """Return what serves the assets, to anybody."""

    @get(f"{site.prefix}/assets/{{name:str}}")
    async def asset(request: HttpRequest, name: FromPath[str]) -> Response[bytes]:
        return site.pages.assets.get(name).answer(header_once(request.scope, b"if-none-match")).response()

    return asset
