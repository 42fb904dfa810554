"""Publishing, and looking at what was published: parse, act, render."""

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import UNSET

from tidings.actions import browsing, publishing
from tidings.web.answer import result
from tidings.web.api import Ctx, HttpRequest
from tidings.web.platform_api.access import MOST_BATCH
from tidings.web.platform_api.batch import publications
from tidings.web.platform_api.queries import event_query
from tidings.web.platform_api.views import batch_view, event_view, events_view
from tidings.web.raw import read_body


@post("/platform/v1/events")
async def publish(ctx: Ctx, request: HttpRequest) -> Response[bytes]:
    body = await read_body(request.scope, request.receive, limit=MOST_BATCH)
    published = await publishing.publish(ctx, publications(body))
    return result(batch_view(published), status=202)


@get("/platform/v1/events")
async def list_events(ctx: Ctx, request: HttpRequest) -> Response[bytes]:
    query = event_query(request.scope)
    cursor = None if query.cursor is UNSET else query.cursor
    return result(events_view(await browsing.list_events(ctx, query.filter(), limit=query.limit, cursor=cursor)))


@get("/platform/v1/events/{event_id:str}")
async def show_event(ctx: Ctx, event_id: FromPath[str]) -> Response[bytes]:
    return result(event_view(await browsing.show_event(ctx, event_id)))


HANDLERS = (publish, list_events, show_event)
