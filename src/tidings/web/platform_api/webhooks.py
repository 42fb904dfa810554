"""Partners' webhooks, as operators handle them: parse, act, render."""

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import UNSET

from tidings.actions import operating_webhooks
from tidings.core.instants import SECOND
from tidings.web.answer import result
from tidings.web.api import Ctx, HttpRequest
from tidings.web.platform_api.access import read_object_if_any
from tidings.web.platform_api.queries import webhook_query
from tidings.web.platform_api.shapes import RotateSecretBody
from tidings.web.platform_api.webhook_views import one_webhook_view, rotated_view, webhooks_view
from tidings.web.shape import shaped


@get("/platform/v1/webhooks")
async def list_webhooks(ctx: Ctx, request: HttpRequest) -> Response[bytes]:
    query = webhook_query(request.scope)
    partner = None if query.partner is UNSET else query.partner
    cursor = None if query.cursor is UNSET else query.cursor
    page = await operating_webhooks.page_webhooks(ctx, partner=partner, limit=query.limit, cursor=cursor)
    return result(webhooks_view(page))


@get("/platform/v1/webhooks/{webhook_id:str}")
async def show_webhook(ctx: Ctx, webhook_id: FromPath[str]) -> Response[bytes]:
    return result(one_webhook_view(await operating_webhooks.show(ctx, webhook_id)))


@post("/platform/v1/webhooks/{webhook_id:str}/disable", status_code=200)
async def disable_webhook(ctx: Ctx, webhook_id: FromPath[str]) -> Response[bytes]:
    return result(one_webhook_view(await operating_webhooks.disable(ctx, webhook_id)))


@post("/platform/v1/webhooks/{webhook_id:str}/enable", status_code=200)
async def enable_webhook(ctx: Ctx, webhook_id: FromPath[str]) -> Response[bytes]:
    return result(one_webhook_view(await operating_webhooks.enable(ctx, webhook_id)))


@post("/platform/v1/webhooks/{webhook_id:str}/rotate-secret", status_code=200)
async def rotate_secret(ctx: Ctx, request: HttpRequest, webhook_id: FromPath[str]) -> Response[bytes]:
    body = shaped(await read_object_if_any(request), RotateSecretBody)
    made = await operating_webhooks.rotate_secret(ctx, webhook_id, overlap=body.overlap_seconds * SECOND)
    return result(rotated_view(made))


HANDLERS = (list_webhooks, show_webhook, disable_webhook, enable_webhook, rotate_secret)
