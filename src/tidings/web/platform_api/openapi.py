"""The OpenAPI document of the platform API."""

from tidings import __version__
from tidings.web.event_schema import EVENT_SCHEMAS
from tidings.web.openapi import Description, ErrorStyle, Json, Operation, document, encode, schemas_of
from tidings.web.platform_api import live, redeliveries, statistics
from tidings.web.platform_api.audit import AuditView
from tidings.web.platform_api.batch import Batch
from tidings.web.platform_api.partner_operations import PARTNER_OPERATIONS
from tidings.web.platform_api.problems import PROBLEM_JSON, TABLE, Problem
from tidings.web.platform_api.queries import AuditQuery, DeliveryQuery, EventQuery
from tidings.web.platform_api.refusals import ALWAYS, OF_ONE, OPEN, WITH_BODY
from tidings.web.platform_api.scopes import NEEDED
from tidings.web.platform_api.views import (
    BatchView,
    DeliveriesView,
    DeliveryView,
    EventsView,
    EventView,
    HealthView,
    RedeliveredView,
)

_EVENTS = "/platform/v1/events"
_DELIVERIES = "/platform/v1/deliveries"

OPERATIONS = (
    Operation(
        method="post",
        path=_EVENTS,
        id="publish",
        summary="Publish events, all or none; answered when they are committed and flushed.",
        answer=BatchView,
        status=202,
        body=Batch,
        errors=ALWAYS | WITH_BODY | {409, 422},
    ),
    Operation(
        method="get",
        path=_EVENTS,
        id="list_events",
        summary="List events, newest first. A page may be short: next_cursor alone says whether there are more.",
        answer=EventsView,
        query=EventQuery,
        errors=ALWAYS | {400},
    ),
    Operation(
        method="get",
        path=f"{_EVENTS}/{{event_id}}",
        id="show_event",
        summary="Show an event and its deliveries.",
        answer=EventView,
        errors=OF_ONE,
    ),
    Operation(
        method="get",
        path=_DELIVERIES,
        id="list_deliveries",
        summary="List deliveries, newest first. A page may be short: next_cursor alone says whether there are more.",
        answer=DeliveriesView,
        query=DeliveryQuery,
        errors=ALWAYS | {400},
    ),
    Operation(
        method="get",
        path=f"{_DELIVERIES}/{{delivery_id}}",
        id="show_delivery",
        summary="Show a delivery and its attempts.",
        answer=DeliveryView,
        errors=OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_DELIVERIES}/{{delivery_id}}/redeliver",
        id="redeliver",
        summary="Send the event again, as a new delivery.",
        answer=RedeliveredView,
        status=202,
        errors=OF_ONE | {409},
    ),
    *PARTNER_OPERATIONS,
    *statistics.OPERATIONS,
    *redeliveries.OPERATIONS,
    *live.OPERATIONS,
    Operation(
        method="get",
        path="/platform/v1/audit",
        id="list_audit",
        summary="List who did what, newest first.",
        answer=AuditView,
        query=AuditQuery,
        errors=ALWAYS | {400},
    ),
    Operation(
        method="get",
        path="/healthz",
        id="alive",
        summary="Answers while the process lives.",
        answer=HealthView,
        errors=OPEN,
    ),
    Operation(
        method="get",
        path="/readyz",
        id="ready",
        summary="Answers when the database is there and its schema current.",
        answer=HealthView,
        errors=OPEN | {503},
    ),
)

_ABOUT = Description(
    title="Tidings platform API",
    version=__version__,
    summary="Publish events, see what became of them, and steer",
    security_schemes={"token": {"type": "http", "scheme": "bearer", "description": "A platform token of that scope."}},
    rights=NEEDED,
    path_parameters={
        "event_id": "The id of an event.",
        "delivery_id": "The id of a delivery.",
        "partner_id": "The id of a partner.",
        "webhook_id": "The id of a webhook.",
        "redelivery_id": "The id of a redelivery.",
        "host": "A host as the list has it; an IPv6 address may stand without its brackets.",
        "key": "A public key; its slashes may be encoded or not.",
    },
)


def _meanings() -> dict[int, str]:
    meanings: dict[int, list[str]] = {}
    for status, title in TABLE.values():
        meanings.setdefault(status.value, []).append(title)
    return {status: "; ".join(dict.fromkeys(titles)) for status, titles in sorted(meanings.items())}


def _payloads() -> Json:
    """Return the schemas that hold a payload, which to the decoder is just bytes: it is an event of the catalogue."""
    schemas = schemas_of([Batch, EventView])
    changed = {name: schemas[name] for name in ("BatchItem", "EventFields")}
    for schema in changed.values():
        schema["properties"]["payload"] = {"$ref": "#/components/schemas/Event"}
    return changed


def _document() -> Json:
    style = ErrorStyle(
        body=Problem,
        media_type=PROBLEM_JSON,
        meanings=_meanings(),
        headers={401: "WWW-Authenticate", 405: "Allow", 429: "Retry-After", 503: "Retry-After"},
    )
    return document(_ABOUT, OPERATIONS, style, schemas=EVENT_SCHEMAS | _payloads())


DOCUMENT = encode(_document())
