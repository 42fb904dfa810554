"""The audit trail: who did what, and from where."""

from litestar import Response, get

from tidings.actions import auditing
from tidings.core.audit import AuditAction
from tidings.web.console.access import PREFIX, Visiting
from tidings.web.pages.filters import AUDIT_FIELDS, audit_filter
from tidings.web.pages.listing import listing

PAGE = 100


@get(f"{PREFIX}/audit")
async def list_audit(visit: Visiting) -> Response[bytes]:
    place = listing(visit.query, AUDIT_FIELDS)
    found = await auditing.list_entries(visit.ctx, audit_filter(place), limit=PAGE, cursor=place.before)
    return visit.page("audit.html", place=place, found=found, actions=list(AuditAction))


HANDLERS = (list_audit,)
