"""The two programs that talk to Tidings: a partner's, which signs, and the platform's, which has a token.

Owns requests over loopback to the service of the demo. Every answer but a success breaks the story.
"""

import asyncio
import base64
import http.client
import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from tidings.core.signing import api_sign
from tidings.errors import TidingsError

Answer: TypeAlias = dict[str, Any]

_PATIENCE_S = 40


class StoryBroken(TidingsError):
    """The demo cannot go on; the message says where it ended."""

    code = "story_broken"


class PartnerProgram:
    """A partner's program with its API key. ``secret`` is what ``API-Sign`` is made with, decoded."""

    def __init__(self, port: int, key: str, secret: bytes) -> None:
        self._port = port
        self._key = key
        self._secret = secret
        self._nonces = itertools.count(1)

    async def register(self, url: str, events: Sequence[str]) -> Answer:
        """Register an enabled webhook."""
        return await self._call("POST", "/b2b/webhooks", {"url": url, "enabled": True, "events": list(events)})

    async def test(self, webhook: str) -> Answer:
        """Have the test event sent to the webhook now."""
        return await self._call("POST", f"/b2b/webhooks/{webhook}/test", None)

    async def _call(self, method: str, target: str, document: Mapping[str, Any] | None) -> Answer:
        body = b"" if document is None else json.dumps(document).encode()
        nonce = str(next(self._nonces))
        mac = api_sign(self._secret, target=target.encode(), nonce=nonce.encode(), body=body)
        headers = {"API-Key": self._key, "API-Nonce": nonce, "API-Sign": base64.b64encode(mac).decode()}
        return await _call(self._port, (method, target), headers, body)


class Platform:
    """The platform's program with its token."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}"}

    async def publish(self, partner: str, payloads: Sequence[str]) -> list[Answer]:
        """Publish events in one batch."""
        events = ",".join(f'{{"partner":{json.dumps(partner)},"payload":{payload}}}' for payload in payloads)
        answer = await self._call("POST", "/platform/v1/events", f'{{"events":[{events}]}}'.encode())
        published: list[Answer] = answer["events"]
        return published

    async def delivery(self, delivery: str) -> Answer:
        """Ask how a delivery stands."""
        return await self._call("GET", f"/platform/v1/deliveries/{delivery}", b"")

    async def _call(self, method: str, target: str, body: bytes) -> Answer:
        return await _call(self._port, (method, target), self._headers, body)


async def _call(port: int, line: tuple[str, str], headers: Mapping[str, str], body: bytes) -> Answer:
    return await asyncio.to_thread(_call_blocking, port, line, headers, body)


def _call_blocking(port: int, line: tuple[str, str], headers: Mapping[str, str], body: bytes) -> Answer:
    method, target = line
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_S)
    try:
        connection.request(method, target, body or None, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        text = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise StoryBroken(f"{method} {target} got no answer: {type(error).__name__}") from error
    finally:
        connection.close()
    if response.status not in {200, 202}:
        raise StoryBroken(f"{method} {target} answered {response.status}: {text[:300].decode(errors='replace')}")
    result: Answer = json.loads(text)["result"]
    return result
