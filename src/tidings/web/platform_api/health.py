"""Whether we live, whether we are ready, and our numbers: for probes, without a token."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from litestar import Response, get
from litestar.types import ControllerRouterHandler

from tidings.actions import health
from tidings.telemetry.metrics import CONTENT_TYPE
from tidings.web.answer import Answer, result
from tidings.web.api import Ctx
from tidings.web.platform_api.views import HealthView

Exposition: TypeAlias = Callable[[], Awaitable[bytes]]
"""Returns the numbers in the format of Prometheus."""


@get("/healthz")
async def alive() -> Response[bytes]:
    return result(HealthView("alive"))


@get("/readyz")
async def ready(ctx: Ctx) -> Response[bytes]:
    await health.check_ready(ctx)
    return result(HealthView("ready"))


def metrics_handler(exposition: Exposition) -> ControllerRouterHandler:
    """Return what answers /metrics."""

    @get("/metrics")
    async def metrics() -> Response[bytes]:
        return Answer(body=await exposition(), media_type=CONTENT_TYPE).response()

    return metrics


HANDLERS = (alive, ready)
