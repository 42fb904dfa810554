"""The request as it came over the wire.

Owns the raw target, headers that count only when given exactly once, and the reading of a body within its limits.
Refuses to interpret: nothing here is decoded, joined or normalised.
"""

import asyncio
from typing import Any, TypeAlias

from litestar.types import Receive, Scope

from tidings.errors import TidingsError

TARGET = "tidings.target"
"""Where the protocol keeps the request target in the scope, byte for byte as it was received."""
BODY_DEADLINE = 30.0
"""Seconds from the moment we want a body until we have it all."""

_Message: TypeAlias = dict[str, Any]


class BodyTooLarge(TidingsError):
    """The body is larger than this API reads."""

    code = "body_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the body may have {limit} bytes")


class BodyTooSlow(TidingsError):
    """The body did not come, or not all of it, in the time allowed."""

    code = "body_too_slow"

    def __init__(self) -> None:
        super().__init__(f"the body did not arrive within {BODY_DEADLINE:.0f} seconds")


def target(scope: Scope) -> bytes:
    """Return path and query exactly as received: what a partner signed."""
    received: bytes | None = scope.get(TARGET)  # type: ignore[assignment]
    if received is not None:
        return received
    query = scope["query_string"]
    return scope["raw_path"] + (b"?" + query if query else b"")


def raw_path(scope: Scope) -> bytes:
    """Return the target without its query, nothing decoded and nothing joined."""
    return target(scope).partition(b"?")[0]


def header_once(scope: Scope, name: bytes) -> bytes | None:
    """Return a header that was given exactly once; a doubled one counts as missing. ``name`` is in lower case."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[0] if len(values) == 1 else None


def declared_length(scope: Scope) -> int:
    """Return what Content-Length promises, 0 without one. The parser lets nothing but one decimal number through."""
    length = header_once(scope, b"content-length")
    return int(length) if length is not None and length.isdigit() else 0


def has_body(scope: Scope) -> bool:
    return declared_length(scope) > 0 or any(key == b"transfer-encoding" for key, _ in scope["headers"])


async def read_body(scope: Scope, receive: Receive, *, limit: int) -> bytes:
    """Return the whole body. Raises BodyTooLarge as soon as that is known, BodyTooSlow after 30 seconds."""
    if declared_length(scope) > limit:
        raise BodyTooLarge(limit)
    if not has_body(scope):
        return b""
    try:
        async with asyncio.timeout(BODY_DEADLINE):
            return await _gathered(receive, limit)
    except TimeoutError:
        raise BodyTooSlow from None


async def _gathered(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    length = 0
    more = True
    while more:
        message = await _next_part(receive)
        part: bytes = message.get("body", b"")
        length += len(part)
        if length > limit:
            raise BodyTooLarge(limit)
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


async def _next_part(receive: Receive) -> _Message:
    message: _Message = await receive()  # type: ignore[assignment]
    if message["type"] != "http.request":
        # The caller left in the middle of the body: half a body is never acted on, and nobody reads the answer.
        raise BodyTooSlow
    return message
