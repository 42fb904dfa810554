"""One answer, whole.

Owns how a value becomes the bytes of a response, inside and outside the framework. Refuses to stream.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Response
from litestar.types import Receive, Scope, Send
from msgspec import Struct

JSON = "application/json"


class Answer(Struct, frozen=True, kw_only=True):
    """A status, a body and the headers beyond what every answer has."""

    status: int = 200
    body: bytes
    media_type: str = JSON
    headers: Mapping[str, str] = {}

    def response(self) -> Response[bytes]:
        """Return what a handler of the framework gives back."""
        # As a header, which stays as it is: the framework would add a second charset to a text's.
        headers = {"content-type": self.media_type, **self._all_headers()}
        return Response(self.body, status_code=self.status, headers=headers, media_type=self.media_type)

    async def send(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer by hand, before the framework saw the request."""
        headers = {
            "content-type": self.media_type,
            "content-length": str(len(self.body)),
            **self._all_headers(),
        }
        start: Any = {
            "type": "http.response.start",
            "status": self.status,
            "headers": [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items()],
        }
        await send(start)
        await send({"type": "http.response.body", "body": self.body, "more_body": False})

    def _all_headers(self) -> dict[str, str]:
        # Answers carry secrets and other people's events: no cache may keep one, no browser may guess at one.
        return {"cache-control": "no-store", "x-content-type-options": "nosniff", **self.headers}


class Result(Struct, frozen=True):
    """The envelope of every success."""

    result: object


def result(value: object, *, status: int = 200) -> Response[bytes]:
    """Return a success with ``value`` and nothing beside it."""
    return Answer(status=status, body=msgspec.json.encode(Result(value))).response()
