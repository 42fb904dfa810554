"""How the partner API says no (docs/contract.md section 5).

Owns the one table of codes and statuses, and the body that serves readers of either Kraken style. Refuses to show what
was not written for partners: only errors of ours may speak, and not all of them.
"""

from http import HTTPStatus

import msgspec
from msgspec import Struct

from tidings.errors import (
    Denied,
    HostNotAllowlisted,
    InvalidArgument,
    InvalidKey,
    InvalidNonce,
    InvalidSignature,
    NotFound,
    RateLimited,
    TestInProgress,
    TidingsError,
    Unavailable,
    WebhookDisabled,
    WebhookLimitReached,
)
from tidings.web.answer import Answer
from tidings.web.raw import BodyTooLarge, BodyTooSlow
from tidings.web.routes import UnknownRoute, WrongMethod

TABLE: dict[type[TidingsError] | None, tuple[HTTPStatus, str]] = {
    InvalidArgument: (HTTPStatus.BAD_REQUEST, "EGeneral:Invalid arguments"),
    InvalidKey: (HTTPStatus.UNAUTHORIZED, "EAPI:Invalid key"),
    InvalidSignature: (HTTPStatus.UNAUTHORIZED, "EAPI:Invalid signature"),
    InvalidNonce: (HTTPStatus.UNAUTHORIZED, "EAPI:Invalid nonce"),
    Denied: (HTTPStatus.FORBIDDEN, "EGeneral:Permission denied"),
    HostNotAllowlisted: (HTTPStatus.FORBIDDEN, "ENexus:Webhook domain not allowlisted"),
    NotFound: (HTTPStatus.NOT_FOUND, "ENexus:Webhook not found"),
    UnknownRoute: (HTTPStatus.NOT_FOUND, "EGeneral:Unknown method"),
    WrongMethod: (HTTPStatus.METHOD_NOT_ALLOWED, "EGeneral:Unknown method"),
    BodyTooSlow: (HTTPStatus.REQUEST_TIMEOUT, "EService:Deadline elapsed"),
    WebhookLimitReached: (HTTPStatus.CONFLICT, "ENexus:Webhook already exists"),
    WebhookDisabled: (HTTPStatus.CONFLICT, "ENexus:Webhook is disabled"),
    BodyTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "EGeneral:Invalid arguments:body"),
    RateLimited: (HTTPStatus.TOO_MANY_REQUESTS, "EAPI:Rate limit exceeded"),
    TestInProgress: (HTTPStatus.TOO_MANY_REQUESTS, "EAPI:Rate limit exceeded"),
    None: (HTTPStatus.INTERNAL_SERVER_ERROR, "EGeneral:Internal error"),
    Unavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "EService:Unavailable"),
}


class ErrorItem(Struct, frozen=True, kw_only=True, rename="camel"):
    """One error, taken apart. ``errorMessage`` is for a human."""

    severity: str
    error_class: str
    type: str
    error_message: str | None


class ErrorBody(Struct, frozen=True):
    """The same error twice: as one string, and taken apart."""

    error: tuple[str]
    errors: tuple[ErrorItem]


def spell(error: TidingsError | None, _trace_id: str) -> Answer:
    """Return the answer that says ``error``; None is what nobody foresaw."""
    status, code = TABLE[None if error is None else type(error)]
    if isinstance(error, InvalidArgument):
        code = f"{code}:{error.field}"
    body = msgspec.json.encode(_body(code, _message(error)))
    return Answer(status=status.value, body=body, headers=_headers(error))


def _body(code: str, message: str | None) -> ErrorBody:
    where, _, what = code.partition(":")
    item = ErrorItem(severity=where[0], error_class=where[1:], type=what, error_message=message)
    return ErrorBody((code,), (item,))


def _message(error: TidingsError | None) -> str | None:
    """Return what a human may read. Of who may come in and of what is there, nothing more is told."""
    match error:
        case InvalidArgument():
            return error.why
        case BodyTooLarge() | BodyTooSlow() | WrongMethod():
            return str(error)
        case _:
            return None


def _headers(error: TidingsError | None) -> dict[str, str]:
    match error:
        case RateLimited() | TestInProgress() | Unavailable():
            return {"retry-after": str(error.retry_after)}
        case WrongMethod():
            return {"allow": ", ".join(error.allowed)}
        case _:
            return {}
