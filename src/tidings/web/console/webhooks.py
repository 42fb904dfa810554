"""Webhooks: the list, one of them with its health, and what an operator may do with it."""

from litestar import Response, get, post
from litestar.params import FromPath

from tidings.actions import browsing, operating_webhooks, test_calls
from tidings.actions.browsing import DeliveryFilter
from tidings.actions.test_calls import TestReport
from tidings.web.console import health
from tidings.web.console.access import PREFIX, Acting, Visit, Visiting
from tidings.web.pages.listing import listing

PAGE = 100
NEWEST = 15
_ONE = f"{PREFIX}/webhooks/{{webhook_id:str}}"


@get(f"{PREFIX}/webhooks")
async def list_webhooks(visit: Visiting) -> Response[bytes]:
    place = listing(visit.query)
    found = await operating_webhooks.page_webhooks(visit.ctx, limit=PAGE, cursor=place.before)
    return visit.page("webhooks.html", place=place, found=found)


@get(_ONE)
async def show_webhook(visit: Visiting, webhook_id: FromPath[str]) -> Response[bytes]:
    return await _page(visit, webhook_id)


@post(f"{_ONE}/test")
async def test(act: Acting, webhook_id: FromPath[str]) -> Response[bytes]:
    webhook = await operating_webhooks.show(act.ctx, webhook_id)
    return await _page(act, webhook_id, await test_calls.test(act.ctx, webhook.partner, webhook_id))


@post(f"{_ONE}/disable")
async def disable(act: Acting, webhook_id: FromPath[str]) -> Response[bytes]:
    webhook = await operating_webhooks.disable(act.ctx, webhook_id)
    return act.see(f"{PREFIX}/webhooks/{webhook.id}")


@post(f"{_ONE}/enable")
async def enable(act: Acting, webhook_id: FromPath[str]) -> Response[bytes]:
    webhook = await operating_webhooks.enable(act.ctx, webhook_id)
    return act.see(f"{PREFIX}/webhooks/{webhook.id}")


async def _page(visit: Visit, name: str, report: TestReport | None = None) -> Response[bytes]:
    webhook = await operating_webhooks.show(visit.ctx, name)
    newest = await browsing.list_deliveries(visit.ctx, DeliveryFilter(webhook=name), limit=NEWEST, cursor=None)
    return visit.page(
        "webhook.html",
        webhook=webhook,
        health=await health.of_webhook(visit, name, page=f"{PREFIX}/webhooks/{name}"),
        deliveries=newest.deliveries,
        report=report,
    )


HANDLERS = (list_webhooks, show_webhook, test, disable, enable)
