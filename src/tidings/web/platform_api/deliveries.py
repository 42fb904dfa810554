"""Deliveries: looking at them and sending one again: parse, act, render."""

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import UNSET

from tidings.actions import browsing, redelivery
from tidings.web.answer import result
from tidings.web.api import Ctx, HttpRequest
from tidings.web.platform_api.queries import delivery_query
from tidings.web.platform_api.views import deliveries_view, delivery_view, redelivered_view


@get("/platform/v1/deliveries")
async def list_deliveries(ctx: Ctx, request: HttpRequest) -> Response[bytes]:
    query = delivery_query(request.scope)
    cursor = None if query.cursor is UNSET else query.cursor
    return result(
        deliveries_view(await browsing.list_deliveries(ctx, query.filter(), limit=query.limit, cursor=cursor))
    )


@get("/platform/v1/deliveries/{delivery_id:str}")
async def show_delivery(ctx: Ctx, delivery_id: FromPath[str]) -> Response[bytes]:
    return result(delivery_view(await browsing.show_delivery(ctx, delivery_id)))


@post("/platform/v1/deliveries/{delivery_id:str}/redeliver")
async def redeliver(ctx: Ctx, delivery_id: FromPath[str]) -> Response[bytes]:
    return result(redelivered_view(await redelivery.redeliver(ctx, delivery_id)), status=202)


HANDLERS = (list_deliveries, show_delivery, redeliver)
