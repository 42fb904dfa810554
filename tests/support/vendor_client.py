"""A partner's program, written from the vendor's documentation alone (contract.md section 4).

Owns the partner's side of the partner API: signing and raw HTTP. Refuses to import anything of the product, so that
what it proves is the contract and not our reading of it on both sides.
"""

import asyncio
import base64
import hashlib
import hmac
import http.client
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from support.marked_secrets import RUN
from support.service import ApiKey

NonceSource: TypeAlias = Callable[[], int]
JsonObject: TypeAlias = dict[str, Any]

SPACED = (", ", ": ")
COMPACT = (",", ":")


def counter(start: int) -> NonceSource:
    """Nonces that are no time at all: the documentation only asks that they increase."""
    numbers = itertools.count(start)
    return lambda: next(numbers)


def milliseconds() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, kw_only=True)
class VendorAnswer:
    """A status and the parsed JSON body."""

    status: int
    headers: dict[str, str]
    document: JsonObject

    @property
    def result(self) -> JsonObject:
        """The ``result`` of a success; anything else is an error."""
        assert self.status == 200, f"{self.status}: {self.document}"
        result: JsonObject = self.document["result"]
        return result


def api_sign(secret: str, *, target: str, nonce: str, body: str) -> str:
    """Sign as the documentation says: the target, then the digest of nonce and body, under the decoded secret."""
    digest = hashlib.sha256((nonce + body).encode()).digest()
    mac = hmac.new(base64.b64decode(secret), target.encode() + digest, hashlib.sha512)
    return base64.b64encode(mac.digest()).decode()


@dataclass(frozen=True, kw_only=True)
class VendorClient:
    """Calls the partner API with one key."""

    port: int
    api_key: ApiKey
    nonce: NonceSource = time.time_ns
    separators: tuple[str, str] = COMPACT

    async def register(self, url: str, *, events: list[str], enabled: bool = True) -> JsonObject:
        """Register a webhook and return the ``result``: the webhook and its secret."""
        answer = await self.call("POST", "/b2b/webhooks", {"url": url, "enabled": enabled, "events": events})
        return answer.result

    async def update(self, webhook: str, **fields: Any) -> JsonObject:  # noqa: ANN401 - whatever the test sends
        return (await self.call("PATCH", f"/b2b/webhooks/{webhook}", fields)).result

    async def delete(self, webhook: str) -> JsonObject:
        return (await self.call("DELETE", f"/b2b/webhooks/{webhook}")).result

    async def call(self, method: str, target: str, document: JsonObject | None = None) -> VendorAnswer:
        """Send one signed request; ``target`` goes out as it is, query and percent-encoding untouched."""
        body = "" if document is None else json.dumps(document, separators=self.separators)
        nonce = str(self.nonce())
        headers = {
            "API-Key": self.api_key.key,
            "API-Nonce": nonce,
            "API-Sign": api_sign(self.api_key.secret, target=target, nonce=nonce, body=body),
        }
        if document is not None:
            headers["Content-Type"] = "application/json"
        return await asyncio.to_thread(self._exchange, method, target, body, headers)

    def _exchange(self, method: str, target: str, body: str, headers: dict[str, str]) -> VendorAnswer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, target, body.encode() or None, headers)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            text = answer.read().decode()
            RUN.learn_from(text)
            RUN.learn_signature("API-Sign", headers["API-Sign"])
            return VendorAnswer(status=answer.status, headers=named, document=json.loads(text))
        finally:
            connection.close()
