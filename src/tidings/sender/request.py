"""What the sender is asked for.

Owns the shape of one outbound request and of a host's vetting. Refuses to know what a delivery is.
"""

from enum import StrEnum

from msgspec import Struct

from tidings.core.callback_url import CallbackUrl
from tidings.core.instants import Span


class OutboundRequest(Struct, frozen=True, kw_only=True):
    """One POST, complete but for the address that it goes to.

    ``number`` is the attempt's: vetted addresses take turns by it. ``timeout`` is total: name, connect, TLS, request
    and answer. ``start_by`` is a moment of the monotonic clock: no byte is sent after it.
    """

    partner: str
    url: CallbackUrl
    headers: tuple[tuple[str, str], ...]
    body: bytes
    number: int
    timeout: Span
    start_by: Span


class Vetting(StrEnum):
    """What is known of a host's addresses before anything is sent to them."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    UNKNOWN = "unknown"
    """The look-up failed or took too long."""
