"""Partners: the list, and one of them with its hosts, webhooks, health, keys and newest deliveries."""

from litestar import Response, get
from litestar.params import FromPath

from tidings.actions import browsing, partners
from tidings.actions.browsing import DeliveryFilter
from tidings.core.instants import Instant
from tidings.web.console import health
from tidings.web.console.access import PREFIX, Visit, Visiting
from tidings.web.pages.listing import listing

PAGE = 100
NEWEST = 15


@get(f"{PREFIX}/partners")
async def list_partners(visit: Visiting) -> Response[bytes]:
    place = listing(visit.query)
    found = await partners.page_partners(visit.ctx, limit=PAGE, cursor=place.before)
    return visit.page("partners.html", place=place, found=found)


@get(f"{PREFIX}/partners/{{partner_id:str}}")
async def show_partner(visit: Visiting, partner_id: FromPath[str]) -> Response[bytes]:
    return await partner_page(visit, partner_id)


async def partner_page(
    visit: Visit, partner_id: str, *, link: str | None = None, link_ends_at: Instant | None = None
) -> Response[bytes]:
    """Return the page of a partner; with ``link``, which is shown this once, to its own page."""
    found = await partners.show(visit.ctx, partner_id)
    names = [webhook.id for webhook in found.webhooks]
    newest = await browsing.list_deliveries(visit.ctx, DeliveryFilter(partner=partner_id), limit=NEWEST, cursor=None)
    return visit.page(
        "partner.html",
        partner=found.partner,
        keys=found.keys,
        webhooks=found.webhooks,
        health=await health.of_partner(visit, partner_id, names, page=f"{PREFIX}/partners/{partner_id}"),
        deliveries=newest.deliveries,
        link=link,
        link_ends_at=link_ends_at,
    )


HANDLERS = (list_partners, show_partner)
