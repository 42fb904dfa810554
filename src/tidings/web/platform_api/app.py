"""The platform API, put together, and the smaller applications of listeners of their own."""

from collections.abc import Sequence

from litestar import Litestar, Response, Router, get
from litestar.di import Provide
from litestar.types import ControllerRouterHandler, Scope

from tidings.actions.context import Context
from tidings.web.answer import Answer
from tidings.web.api import Api, HttpRequest, Refusals, acting
from tidings.web.client_address import Network
from tidings.web.platform_api import (
    audit,
    deliveries,
    events,
    health,
    live,
    partners,
    redeliveries,
    statistics,
    webhooks,
)
from tidings.web.platform_api.access import token_guard
from tidings.web.platform_api.health import Exposition, metrics_handler
from tidings.web.platform_api.openapi import DOCUMENT
from tidings.web.platform_api.portal import portal_link_handler
from tidings.web.platform_api.problems import TABLE, spell
from tidings.web.routes import Routes


@get("/platform/openapi.json")
async def openapi() -> Response[bytes]:
    return Answer(body=DOCUMENT).response()


def build_platform_api(ctx: Context, *, metrics: Exposition | None, trusted_proxies: tuple[Network, ...]) -> Api:
    """Return the whole platform API."""
    handlers = [
        *events.HANDLERS,
        *deliveries.HANDLERS,
        *partners.HANDLERS,
        *webhooks.HANDLERS,
        *audit.HANDLERS,
        *statistics.HANDLERS,
        *redeliveries.HANDLERS,
        portal_link_handler(trusted_proxies),
        *live.HANDLERS,
    ]
    secured = Router(path="/", route_handlers=handlers, guards=[token_guard(ctx, trusted_proxies=trusted_proxies)])
    return _api(ctx, [secured, *health.HANDLERS, openapi, *_numbers(metrics)], trusted_proxies)


def build_metrics_api(ctx: Context, exposition: Exposition) -> Api:
    """Return /metrics alone."""
    return _api(ctx, _numbers(exposition), ())


def build_probes_api(ctx: Context, metrics: Exposition | None) -> Api:
    """Return what probes ask, and the numbers when they are wanted here."""
    return _api(ctx, [*health.HANDLERS, *_numbers(metrics)], ())


def _numbers(metrics: Exposition | None) -> list[ControllerRouterHandler]:
    return [] if metrics is None else [metrics_handler(metrics)]


def _api(ctx: Context, handlers: Sequence[ControllerRouterHandler], trusted_proxies: tuple[Network, ...]) -> Api:
    refusals = Refusals(api="platform", emit=ctx.emit, trusted_proxies=trusted_proxies, foreseen=TABLE, spell=spell)

    async def context(request: HttpRequest) -> Context:
        return acting(ctx, request.scope)

    app = Litestar(
        route_handlers=handlers,
        dependencies={"ctx": Provide(context)},
        exception_handlers={Exception: refusals.handle},
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    return Api(app=app, routes=Routes.of(app), refusals=refusals, admit=_anyone)


def _anyone(_scope: Scope) -> None:
    """Let everyone pass: what needs a token asks for it by itself."""
