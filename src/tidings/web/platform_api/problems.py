"""How the platform API says no: RFC 9457 problem documents.

Owns the one table of errors, statuses and titles. Refuses to tell of what nobody foresaw more than its trace id.
"""

from http import HTTPStatus

import msgspec
from msgspec import UNSET, Struct, UnsetType

from tidings.errors import (
    AlreadyExists,
    DeliveryUnderWay,
    Denied,
    IdempotencyConflict,
    InvalidArgument,
    InvalidEvent,
    NotFound,
    PartnerDisabled,
    RateLimited,
    TidingsError,
    Unauthenticated,
    Unavailable,
    WebhookDisabled,
    WebhookGone,
)
from tidings.web.answer import Answer
from tidings.web.raw import BodyTooLarge, BodyTooSlow
from tidings.web.routes import UnknownRoute, WrongMethod

PROBLEM_JSON = "application/problem+json"

TABLE: dict[type[TidingsError] | None, tuple[HTTPStatus, str]] = {
    InvalidArgument: (HTTPStatus.BAD_REQUEST, "A part of the request is not what it must be"),
    Unauthenticated: (HTTPStatus.UNAUTHORIZED, "No valid platform token"),
    Denied: (HTTPStatus.FORBIDDEN, "Not permitted"),
    NotFound: (HTTPStatus.NOT_FOUND, "There is no such thing"),
    UnknownRoute: (HTTPStatus.NOT_FOUND, "There is nothing at this path"),
    WrongMethod: (HTTPStatus.METHOD_NOT_ALLOWED, "Not for this method"),
    BodyTooSlow: (HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive in time"),
    AlreadyExists: (HTTPStatus.CONFLICT, "The name is taken"),
    IdempotencyConflict: (HTTPStatus.CONFLICT, "The idempotency key belongs to another payload"),
    DeliveryUnderWay: (HTTPStatus.CONFLICT, "The delivery is still under way"),
    PartnerDisabled: (HTTPStatus.CONFLICT, "The partner is disabled"),
    WebhookDisabled: (HTTPStatus.CONFLICT, "The webhook is disabled"),
    WebhookGone: (HTTPStatus.CONFLICT, "The webhook was deleted"),
    BodyTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large"),
    InvalidEvent: (HTTPStatus.UNPROCESSABLE_ENTITY, "An event cannot be published"),
    RateLimited: (HTTPStatus.TOO_MANY_REQUESTS, "Too many requests"),
    None: (HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here"),
    Unavailable: (HTTPStatus.SERVICE_UNAVAILABLE, "Not at the moment"),
}

_UNFORESEEN = "internal_error"


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem document. ``index`` and ``field`` say which event, and which part of the request."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    trace_id: str
    index: int | UnsetType = UNSET
    field: str | UnsetType = UNSET


def spell(error: TidingsError | None, trace_id: str) -> Answer:
    """Return the answer that says ``error``; None is what nobody foresaw."""
    status, title = TABLE[None if error is None else type(error)]
    code = _UNFORESEEN if error is None else error.code
    problem = Problem(
        type=f"urn:tidings:problem:{code}",
        title=title,
        status=status.value,
        detail=error.outside if error is not None else f"our log says more under {trace_id}",
        code=code,
        trace_id=trace_id,
        index=error.index if isinstance(error, InvalidEvent | IdempotencyConflict) else UNSET,
        field=error.field if isinstance(error, InvalidEvent | InvalidArgument) else UNSET,
    )
    return Answer(
        status=status.value, body=msgspec.json.encode(problem), media_type=PROBLEM_JSON, headers=_headers(error)
    )


def _headers(error: TidingsError | None) -> dict[str, str]:
    match error:
        case RateLimited() | Unavailable():
            return {"retry-after": str(error.retry_after)}
        case WrongMethod():
            return {"allow": ", ".join(error.allowed)}
        case Unauthenticated():
            return {"www-authenticate": "Bearer"}
        case _:
            return {}
