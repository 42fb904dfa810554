"""From an id to its page."""

from urllib.parse import quote

from litestar import Response, get

from tidings.web.console.access import PREFIX, Visiting
from tidings.web.pages import answers

_PAGES = {"dlv_": "deliveries", "evt_": "events", "WH": "webhooks", "rdl_": "redeliveries"}


@get(f"{PREFIX}/find")
async def find(visit: Visiting) -> Response[bytes]:
    name = visit.query.one("id").strip()
    page = next((page for prefix, page in _PAGES.items() if name.startswith(prefix)), "partners")
    return answers.see_other(f"{PREFIX}/{page}/{quote(name, safe='')}" if name else f"{PREFIX}/{page}").response()


HANDLERS = (find,)
