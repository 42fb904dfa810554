"""The audit trail: parse, act, render."""

from litestar import Response, get
from msgspec import UNSET, Struct

from tidings.actions import auditing
from tidings.web.answer import result
from tidings.web.api import Ctx, HttpRequest
from tidings.web.platform_api.queries import audit_query
from tidings.web.platform_api.views import shown


class AuditFields(Struct, frozen=True, kw_only=True):
    """One deed. ``subject`` is the id of what it was done to, ``details`` what was asked for."""

    id: str
    created_at: str
    actor: str
    address: str | None
    action: str
    partner: str | None
    subject: str
    details: dict[str, str | int | bool | list[str]]


class AuditView(Struct, frozen=True):
    """A page of the audit trail, newest first."""

    entries: tuple[AuditFields, ...]
    next_cursor: str | None


@get("/platform/v1/audit")
async def list_audit(ctx: Ctx, request: HttpRequest) -> Response[bytes]:
    query = audit_query(request.scope)
    cursor = None if query.cursor is UNSET else query.cursor
    return result(audit_view(await auditing.list_entries(ctx, query.filter(), limit=query.limit, cursor=cursor)))


def audit_view(trail: auditing.Trail) -> AuditView:
    return AuditView(tuple(shown(entry, AuditFields) for entry in trail.entries), trail.next_cursor)


HANDLERS = (list_audit,)
