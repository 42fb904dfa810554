"""The OpenAPI document of the partner API: five operations, and the request that a receiver gets."""

from typing import Any

from tidings import __version__
from tidings.web.answer import JSON
from tidings.web.event_schema import EVENT_SCHEMAS
from tidings.web.openapi import Description, ErrorStyle, Json, Operation, document, encode
from tidings.web.partner_api.access import VERSION
from tidings.web.partner_api.errors import TABLE, ErrorBody
from tidings.web.partner_api.permissions import NEEDED
from tidings.web.partner_api.shapes import RegisterBody, UpdateBody
from tidings.web.partner_api.views import DeletedView, RegisteredView, TestView, UpdatedView, WebhooksView

_KEY = "The public key; it must have that permission."
_NONCE = "An unsigned 64-bit integer in decimal, larger with every request of the key."
_SIGNATURE = "Base64 of HMAC-SHA512, under the decoded secret, of the request target and SHA256(nonce, body)."
_ALWAYS = frozenset({400, 401, 403, 408, 413, 429, 500, 503})
_OF_ONE = _ALWAYS | {404}
_ONE = "/b2b/webhooks/{webhook_id}"

OPERATIONS = (
    Operation(
        method="post",
        path="/b2b/webhooks",
        id="register",
        summary="Register a webhook; the secret is shown this once.",
        answer=RegisteredView,
        body=RegisterBody,
        errors=_ALWAYS | {409},
    ),
    Operation(
        method="get",
        path="/b2b/webhooks",
        id="list",
        summary="List the webhooks.",
        answer=WebhooksView,
        errors=_ALWAYS,
    ),
    Operation(
        method="patch",
        path=_ONE,
        id="update",
        summary="Enable, disable, or replace the whole subscription.",
        answer=UpdatedView,
        body=UpdateBody,
        errors=_OF_ONE,
    ),
    Operation(
        method="delete",
        path=_ONE,
        id="delete",
        summary="Delete a webhook for good, and end what is still pending.",
        answer=DeletedView,
        errors=_OF_ONE,
    ),
    Operation(
        method="post",
        path=f"{_ONE}/test",
        id="test",
        summary="Send the test event now, once, really signed, and report.",
        answer=TestView,
        errors=_OF_ONE | {409},
    ),
)


def _header(name: str, says: str) -> dict[str, str]:
    return {"type": "apiKey", "in": "header", "name": name, "description": says}


_ABOUT = Description(
    title="Tidings partner API",
    version=VERSION.decode(),
    summary=f"Webhooks of the Payward Embed contract, served by Tidings {__version__}",
    security_schemes={
        "key": _header("API-Key", _KEY),
        "nonce": _header("API-Nonce", _NONCE),
        "signature": _header("API-Sign", _SIGNATURE),
    },
    rights=NEEDED,
    path_parameters={"webhook_id": "The id of a webhook of this partner."},
)


def _meanings() -> dict[int, str]:
    meanings: dict[int, list[str]] = {}
    for status, code in TABLE.values():
        meanings.setdefault(status.value, []).append(code)
    return {status: ", ".join(dict.fromkeys(codes)) for status, codes in sorted(meanings.items())}


def _received() -> Json:
    """Return what a receiver is sent, for every event type."""
    headers = {
        "X-Signature": "t={unix seconds},v1={lowercase hex}",
        "X-Webhook-Event": "the event type",
        "X-Webhook-ID": "the id of the webhook",
        "User-Agent": "Tidings and its version",
    }
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "header", "required": True, "description": says, "schema": {"type": "string"}}
        for name, says in headers.items()
    ]
    operation = {
        "operationId": "receive",
        "summary": "An event, delivered at least once.",
        "parameters": parameters,
        "requestBody": {"required": True, "content": {JSON: {"schema": {"$ref": "#/components/schemas/Event"}}}},
        "responses": {"2XX": {"description": "received; anything else is tried again"}},
    }
    return {"webhooks": {"event": {"post": operation}}}


def _document() -> Json:
    style = ErrorStyle(
        body=ErrorBody,
        media_type=JSON,
        meanings=_meanings(),
        headers={405: "Allow", 429: "Retry-After", 503: "Retry-After"},
    )
    return document(_ABOUT, OPERATIONS, style, _received(), schemas=EVENT_SCHEMAS)


DOCUMENT = encode(_document())
