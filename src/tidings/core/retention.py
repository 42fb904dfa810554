"""How long what has happened is kept, counted from the moment in its id.

Owns the terms. Nothing that is still alive is ever removed, however old it is: the store sees to that.
"""

from msgspec import Struct

from tidings.core.instants import SECOND, Span

_DAY = 86_400 * SECOND


class Retention(Struct, frozen=True, kw_only=True):
    """An event, and its idempotency key with it, outlives its deliveries, and these outlive their attempts."""

    events: Span = 90 * _DAY
    deliveries: Span = 90 * _DAY
    attempts: Span = 90 * _DAY
    audit: Span = 400 * _DAY
