"""The five endpoints of the partner API: parse, act, render."""

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath

from tidings.actions import test_calls, webhooks
from tidings.web.answer import result
from tidings.web.partner_api.access import Admitted
from tidings.web.partner_api.shapes import change, registration
from tidings.web.partner_api.views import (
    UpdatedView,
    WebhooksView,
    deleted_view,
    registered_view,
    test_view,
    webhook_view,
)


@post("/b2b/webhooks")
async def register(call: Admitted) -> Response[bytes]:
    registered = await webhooks.register(call.ctx, call.partner, registration(call))
    return result(registered_view(registered))


@get("/b2b/webhooks")
async def list_webhooks(call: Admitted) -> Response[bytes]:
    found = await webhooks.list_webhooks(call.ctx, call.partner)
    return result(WebhooksView(tuple(webhook_view(webhook) for webhook in found)))


@patch("/b2b/webhooks/{webhook_id:str}")
async def update(call: Admitted, webhook_id: FromPath[str]) -> Response[bytes]:
    webhook = await webhooks.update(call.ctx, call.partner, webhook_id, change(call))
    return result(UpdatedView(webhook_view(webhook)))


@delete("/b2b/webhooks/{webhook_id:str}", status_code=200)
async def remove(call: Admitted, webhook_id: FromPath[str]) -> Response[bytes]:
    deleted = await webhooks.delete(call.ctx, call.partner, webhook_id)
    return result(deleted_view(deleted))


@post("/b2b/webhooks/{webhook_id:str}/test")
async def test(call: Admitted, webhook_id: FromPath[str]) -> Response[bytes]:
    report = await test_calls.test(call.ctx, call.partner, webhook_id)
    return result(test_view(report))


HANDLERS = (register, list_webhooks, update, remove, test)
