"""The OpenAPI document of the platform API."""

from tidings import __version__
from tidings.web.event_schema import EVENT_SCHEMAS
from tidings.web.openapi import Description, ErrorStyle, Json, Operation, document, encode, schemas_of
from tidings.web.platform_api.batch import Batch
from tidings.web.platform_api.problems import PROBLEM_JSON, TABLE, Problem
from tidings.web.platform_api.queries import DeliveryQuery, EventQuery, WebhookQuery
from tidings.web.platform_api.scopes import NEEDED
from tidings.web.platform_api.shapes import AllowHostBody, NewKeyBody, NewPartnerBody, RotateSecretBody
from tidings.web.platform_api.views import (
    BatchView,
    DeliveriesView,
    DeliveryView,
    EventsView,
    EventView,
    HealthView,
    KeysView,
    NewKeyView,
    NewPartnerView,
    OneKeyView,
    OnePartnerView,
    PartnersView,
    PartnerView,
    RedeliveredView,
)
from tidings.web.platform_api.webhook_views import OneWebhookView, RotatedView, WebhooksView

_EVENTS = "/platform/v1/events"
_DELIVERIES = "/platform/v1/deliveries"
_PARTNERS = "/platform/v1/partners"
_PARTNER = f"{_PARTNERS}/{{partner_id}}"
_WEBHOOKS = "/platform/v1/webhooks"
_WEBHOOK = f"{_WEBHOOKS}/{{webhook_id}}"

_OPEN = frozenset({500})
_ALWAYS = _OPEN | {401, 403, 503}
_OF_ONE = _ALWAYS | {404}
_WITH_BODY = frozenset({400, 408, 413})

OPERATIONS = (
    Operation(
        method="post",
        path=_EVENTS,
        id="publish",
        summary="Publish events, all or none; answered when they are committed and flushed.",
        answer=BatchView,
        status=202,
        body=Batch,
        errors=_ALWAYS | _WITH_BODY | {409, 422},
    ),
    Operation(
        method="get",
        path=_EVENTS,
        id="list_events",
        summary="List events, newest first. A page may be short: next_cursor alone says whether there are more.",
        answer=EventsView,
        query=EventQuery,
        errors=_ALWAYS | {400},
    ),
    Operation(
        method="get",
        path=f"{_EVENTS}/{{event_id}}",
        id="show_event",
        summary="Show an event and its deliveries.",
        answer=EventView,
        errors=_OF_ONE,
    ),
    Operation(
        method="get",
        path=_DELIVERIES,
        id="list_deliveries",
        summary="List deliveries, newest first. A page may be short: next_cursor alone says whether there are more.",
        answer=DeliveriesView,
        query=DeliveryQuery,
        errors=_ALWAYS | {400},
    ),
    Operation(
        method="get",
        path=f"{_DELIVERIES}/{{delivery_id}}",
        id="show_delivery",
        summary="Show a delivery and its attempts.",
        answer=DeliveryView,
        errors=_OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_DELIVERIES}/{{delivery_id}}/redeliver",
        id="redeliver",
        summary="Send the event again, as a new delivery.",
        answer=RedeliveredView,
        status=202,
        errors=_OF_ONE | {409},
    ),
    Operation(
        method="post",
        path=_PARTNERS,
        id="create_partner",
        summary="Make a partner and its first key; the secret is shown this once.",
        answer=NewPartnerView,
        status=201,
        body=NewPartnerBody,
        errors=_ALWAYS | _WITH_BODY | {409},
    ),
    Operation(
        method="get",
        path=_PARTNERS,
        id="list_partners",
        summary="List the partners.",
        answer=PartnersView,
        errors=_ALWAYS,
    ),
    Operation(
        method="get",
        path=_PARTNER,
        id="show_partner",
        summary="Show a partner with its keys and webhooks.",
        answer=PartnerView,
        errors=_OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_PARTNER}/hosts",
        id="allow_host",
        summary="Allow a host for the partner's callbacks.",
        answer=OnePartnerView,
        body=AllowHostBody,
        errors=_OF_ONE | _WITH_BODY,
    ),
    Operation(
        method="post",
        path=f"{_PARTNER}/disable",
        id="disable_partner",
        summary="Disable a partner; what is pending ends cancelled.",
        answer=OnePartnerView,
        errors=_OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_PARTNER}/enable",
        id="enable_partner",
        summary="Enable a partner for what comes after.",
        answer=OnePartnerView,
        errors=_OF_ONE,
    ),
    Operation(
        method="get",
        path=f"{_PARTNER}/keys",
        id="list_keys",
        summary="List the partner's keys.",
        answer=KeysView,
        errors=_OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_PARTNER}/keys",
        id="create_key",
        summary="Make a key; the secret is shown this once.",
        answer=NewKeyView,
        status=201,
        body=NewKeyBody,
        body_required=False,
        errors=_OF_ONE | _WITH_BODY,
    ),
    Operation(
        method="delete",
        path=f"{_PARTNER}/keys/{{key}}",
        id="revoke_key",
        summary="Revoke a key.",
        answer=OneKeyView,
        errors=_OF_ONE,
    ),
    Operation(
        method="get",
        path=_WEBHOOKS,
        id="list_webhooks",
        summary="List the webhooks of a partner, or of all.",
        answer=WebhooksView,
        query=WebhookQuery,
        errors=_OF_ONE | {400},
    ),
    Operation(
        method="get",
        path=_WEBHOOK,
        id="show_webhook",
        summary="Show a webhook.",
        answer=OneWebhookView,
        errors=_OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_WEBHOOK}/disable",
        id="disable_webhook",
        summary="Disable a webhook; what is pending for it ends cancelled.",
        answer=OneWebhookView,
        errors=_OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_WEBHOOK}/enable",
        id="enable_webhook",
        summary="Enable a webhook for what comes after.",
        answer=OneWebhookView,
        errors=_OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_WEBHOOK}/rotate-secret",
        id="rotate_secret",
        summary="Give a webhook a new signing secret, shown this once; for a while the old one signs as well.",
        answer=RotatedView,
        body=RotateSecretBody,
        body_required=False,
        errors=_OF_ONE | _WITH_BODY,
    ),
    Operation(
        method="get",
        path="/healthz",
        id="alive",
        summary="Answers while the process lives.",
        answer=HealthView,
        errors=_OPEN,
    ),
    Operation(
        method="get",
        path="/readyz",
        id="ready",
        summary="Answers when the database is there and its schema current.",
        answer=HealthView,
        errors=_OPEN | {503},
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
