"""From the head and body of a response to ``Answered``, within bounds.

Owns how much of a body is read and kept, and how ``Retry-After`` is understood. Refuses to judge a status.
"""

from datetime import UTC
from email.utils import parsedate_to_datetime

from pyreqwest.exceptions import RequestError, RequestTimeoutError
from pyreqwest.response import Response

from tidings.clock import Clock
from tidings.core.instants import SECOND, Instant
from tidings.core.outcome import SUCCESS, Answered

MOST_READ = 16_384
MOST_KEPT = 1_024
_MOST_DIGITS = 10
_MOST_SECONDS = 365 * 86_400


async def read_answer(response: Response, *, clock: Clock) -> Answered:
    """Read at most ``MOST_READ`` bytes and keep ``MOST_KEPT``.

    Raises the client's error when the body of a success breaks off whose end was announced, or does not come in time:
    nobody can say then that the receiver was done. Of any other status the head says enough.
    """
    status = response.status
    retry_after = response.get_header("retry-after")
    waits = None if retry_after is None else retry_seconds(retry_after, now=clock.now())
    return Answered(status, waits, await _read_body(response))


def retry_seconds(value: str, *, now: Instant) -> int | None:
    """Return the whole seconds that ``Retry-After`` asks for; none when it is neither a number nor an HTTP date."""
    if value.isascii() and value.isdigit():
        return min(int(value), _MOST_SECONDS) if len(value) <= _MOST_DIGITS else _MOST_SECONDS
    try:
        moment = parsedate_to_datetime(value)
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    # Rounded up: a retry that starts early would be refused again.
    return min(max(0, -int(now // SECOND - seconds)), _MOST_SECONDS)


async def _read_body(response: Response) -> bytes:
    try:
        return await _read_to_the_end(response)
    except RequestTimeoutError:
        if response.status in SUCCESS:
            raise
    except RequestError:
        # A body that is to be read until the connection closes has no other end: many servers close without TLS's own.
        if response.status in SUCCESS and _ends_by_itself(response):
            raise
    return b""


def _ends_by_itself(response: Response) -> bool:
    return any(response.get_header(name) is not None for name in ("content-length", "transfer-encoding"))


async def _read_to_the_end(response: Response) -> bytes:
    """Return the body's first bytes. A body that ends within ``MOST_READ`` leaves the connection fit for more."""
    reader = response.body_reader
    most = _length(response)
    kept, size = b"", 0
    while size < most:
        piece = await reader.read(most - size)
        if piece is None:
            break
        size += len(piece)
        if len(kept) < MOST_KEPT:
            kept += bytes(memoryview(piece)[: MOST_KEPT - len(kept)])
    return kept


def _length(response: Response) -> int:
    # To be told the end of a body whose length is known costs as much as the body itself: a trip to another thread.
    announced = response.get_header("content-length") or ""
    known = announced.isascii() and announced.isdigit() and len(announced) <= _MOST_DIGITS
    return min(int(announced), MOST_READ) if known else MOST_READ
