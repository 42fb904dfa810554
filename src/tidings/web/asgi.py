"""The ASGI application: one switch before the APIs and the pages.

Owns which API answers a path, the trace id, and what every request passes before the framework sees it. Refuses
everything that is not HTTP.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from tidings.actions.context import Context
from tidings.core.instants import MILLISECOND
from tidings.core.rate import Rate
from tidings.telemetry.facts import RequestAnswered
from tidings.web.api import TRACE, Api
from tidings.web.client_address import Network
from tidings.web.console.app import build_console
from tidings.web.exchange import Exchange
from tidings.web.floods import AddressLimit
from tidings.web.partner_api.app import build_partner_api
from tidings.web.platform_api.app import build_metrics_api, build_platform_api, build_probes_api
from tidings.web.platform_api.health import Exposition
from tidings.web.portal.app import build_portal
from tidings.web.raw import raw_path

PARTNER_PREFIX = b"/b2b"
CONSOLE_PREFIX = b"/console"
PORTAL_PREFIX = b"/portal"
_TRACE_ENTROPY = 16


class WebSettings(Struct, frozen=True, kw_only=True):
    """What the APIs are told by the settings. Without ``metrics`` there is no /metrics here."""

    rate_limit_address: Rate
    trusted_proxies: tuple[Network, ...] = ()
    metrics: Exposition | None = None


class Switch:
    """Sends each request to the API that its raw path belongs to."""

    def __init__(self, ctx: Context, rest: Api, *, under: Mapping[bytes, Api]) -> None:
        self._rest = rest
        self._under = under
        self._ctx = ctx

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            return
        trace_id = str(uuid.UUID(bytes=self._ctx.entropy(_TRACE_ENTROPY), version=4))
        scope[TRACE] = trace_id  # type: ignore[literal-required]
        api = self._api_of(raw_path(scope))
        answered = self._teller(api.refusals.api)
        exchange: Any = Exchange(scope, receive, send, trace_id=trace_id, answered=answered)
        try:
            api.admit(scope)
            api.routes.check(scope)
        except Exception as error:  # noqa: BLE001 - the edge: whatever it is, it is answered and told
            await api.refusals.answer(error, scope).send(scope, exchange.receive, exchange.send)
            return
        await api.app(scope, exchange.receive, exchange.send)

    def _api_of(self, path: bytes) -> Api:
        first = b"/" + path[1:].partition(b"/")[0]
        return self._under.get(first, self._rest)

    def _teller(self, api: str) -> Callable[[int], None]:
        ctx, began = self._ctx, self._ctx.clock.monotonic()

        def tell(status: int) -> None:
            ctx.emit(RequestAnswered(api, status, (ctx.clock.monotonic() - began) / MILLISECOND))

        return tell


def build(ctx: Context, web: WebSettings) -> ASGIApp:
    """Return the APIs and the pages."""
    limit = AddressLimit(web.rate_limit_address, clock=ctx.clock)
    partner = build_partner_api(ctx, limit=limit, trusted_proxies=web.trusted_proxies)
    platform = build_platform_api(ctx, metrics=web.metrics, trusted_proxies=web.trusted_proxies)
    console = build_console(ctx, limit=limit, trusted_proxies=web.trusted_proxies)
    portal = build_portal(ctx, limit=limit, trusted_proxies=web.trusted_proxies)
    under = {PARTNER_PREFIX: partner, CONSOLE_PREFIX: console, PORTAL_PREFIX: portal}
    return Switch(ctx, platform, under=under)


def build_metrics(ctx: Context, exposition: Exposition) -> ASGIApp:
    """Return what a listener of its own answers: the metrics alone."""
    return Switch(ctx, build_metrics_api(ctx, exposition), under={})


def build_probes(ctx: Context, exposition: Exposition | None) -> ASGIApp:
    """Return what a process without the APIs answers: whether it lives and is ready, and its metrics."""
    return Switch(ctx, build_probes_api(ctx, exposition), under={})
