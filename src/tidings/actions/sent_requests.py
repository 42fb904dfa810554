"""The request of an attempt, made again as it went out.

Owns the order and spelling of its lines. Bytes, signature and webhook are on record; what our HTTP client adds is
fixed, and a test compares the whole with what a receiver saw.
"""

from urllib.parse import urlsplit

from msgspec import Struct

from tidings.actions.context import Context
from tidings.actions.requests import Signed, destination
from tidings.core.model import Attempt, Delivery
from tidings.core.outcome import Code
from tidings.errors import InvalidArgument

_NEVER_LEFT = frozenset({Code.DNS_FAILED, Code.ADDRESS_NOT_ALLOWED, Code.CONNECT_FAILED, Code.TLS_FAILED})
_PORT = 443


class SentRequest(Struct, frozen=True):
    """A request as text. ``left`` tells whether any of it can have left us."""

    line: str
    headers: tuple[tuple[str, str], ...]
    left: bool


def request_of(ctx: Context, delivery: Delivery, payload: str, attempt: Attempt) -> SentRequest | None:
    """Return what an attempt sent; None while its signature is not on record."""
    if attempt.signature is None or attempt.outcome is None:
        return None
    header = ctx.limits.event_id_header
    signed = Signed(
        event_type=delivery.event_type,
        webhook=delivery.webhook,
        body=payload.encode(),
        signature=attempt.signature,
        event_id=None if header is None else (header, delivery.event),
    )
    place = urlsplit(_called(ctx, delivery.url))
    path = place.path + (f"?{place.query}" if place.query else "")
    headers = (
        ("Accept", "*/*"),
        ("Accept-Encoding", "identity"),
        # The client spells every name like a title, also those with an acronym; names have no case in HTTP.
        *((name.title(), value) for name, value in signed.headers()),
        ("Host", place.netloc.removesuffix(f":{_PORT}")),
        ("Content-Length", str(len(signed.body))),
    )
    return SentRequest(f"POST {path} HTTP/1.1", headers, Code(attempt.outcome) not in _NEVER_LEFT)


def _called(ctx: Context, url: str) -> str:
    try:
        return destination(url, ctx.rules).canonical
    except InvalidArgument:
        # Registered under other settings: then no attempt was made under today's.
        return url
