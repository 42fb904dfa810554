"""Sending many again: parse, act, render."""

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import UNSET

from tidings.actions import bulk_redelivery
from tidings.web.answer import result
from tidings.web.api import Ctx, HttpRequest
from tidings.web.openapi import Operation
from tidings.web.platform_api.access import read_object
from tidings.web.platform_api.queries import PageQuery, page_query
from tidings.web.platform_api.redelivery_shapes import (
    NewRedeliveryBody,
    NewRedeliveryView,
    OneRedeliveryView,
    RedeliveriesView,
    new_redelivery_view,
    one_redelivery_view,
    preview_view,
    redeliveries_view,
)
from tidings.web.platform_api.refusals import ALWAYS, OF_ONE, WITH_BODY
from tidings.web.shape import shaped

_REDELIVERIES = "/platform/v1/redeliveries"


@post(_REDELIVERIES)
async def start_redelivery(ctx: Ctx, request: HttpRequest) -> Response[bytes]:
    body = shaped(await read_object(request), NewRedeliveryBody)
    if body.dry_run:
        return result(preview_view(await bulk_redelivery.preview(ctx, body.selection())))
    return result(new_redelivery_view(await bulk_redelivery.start(ctx, body.selection(), rate=body.rate)), status=202)


@get(_REDELIVERIES)
async def list_redeliveries(ctx: Ctx, request: HttpRequest) -> Response[bytes]:
    query = page_query(request.scope)
    cursor = None if query.cursor is UNSET else query.cursor
    return result(redeliveries_view(await bulk_redelivery.list_redeliveries(ctx, limit=query.limit, cursor=cursor)))


@get("/platform/v1/redeliveries/{redelivery_id:str}")
async def show_redelivery(ctx: Ctx, redelivery_id: FromPath[str]) -> Response[bytes]:
    return result(one_redelivery_view(await bulk_redelivery.show(ctx, redelivery_id)))


@post("/platform/v1/redeliveries/{redelivery_id:str}/cancel", status_code=200)
async def cancel_redelivery(ctx: Ctx, redelivery_id: FromPath[str]) -> Response[bytes]:
    return result(one_redelivery_view(await bulk_redelivery.cancel(ctx, redelivery_id)))


HANDLERS = (start_redelivery, list_redeliveries, show_redelivery, cancel_redelivery)
OPERATIONS = (
    Operation(
        method="post",
        path=_REDELIVERIES,
        id="start_redelivery",
        summary="Send many ended deliveries again, or with dry_run count them (200) and change nothing.",
        answer=NewRedeliveryView,
        status=202,
        also_status=200,
        body=NewRedeliveryBody,
        errors=OF_ONE | WITH_BODY,
    ),
    Operation(
        method="get",
        path=_REDELIVERIES,
        id="list_redeliveries",
        summary="List redeliveries, newest first.",
        answer=RedeliveriesView,
        query=PageQuery,
        errors=ALWAYS | {400},
    ),
    Operation(
        method="get",
        path=f"{_REDELIVERIES}/{{redelivery_id}}",
        id="show_redelivery",
        summary="Show how far a redelivery has come.",
        answer=OneRedeliveryView,
        errors=OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_REDELIVERIES}/{{redelivery_id}}/cancel",
        id="cancel_redelivery",
        summary="Make no more deliveries; one that has ended stays as it is.",
        answer=OneRedeliveryView,
        errors=OF_ONE,
    ),
)
