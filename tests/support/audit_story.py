"""One partner's life, told by requests: each kind of request that changes something, once, and what must be told of it.

Owns the requests, the entries that the audit trail must hold after them, and the secrets handed out meanwhile.
Whoever adds a route that changes something adds a sentence here.
"""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias
from urllib.parse import quote

from support.event_samples import sample
from support.partner_client import Answered, JsonObject, PartnerClient
from support.served import LOOPBACK_HOST

Told: TypeAlias = tuple[str, str, str, JsonObject]
"""Actor, action, subject and details of an entry."""

AUDIT = "/platform/v1/audit"
BY_TOKEN = "token:tests"
TOKEN_OF_THE_PARTNER = "a-token-of-the-partner"

_URL = f"https://{LOOPBACK_HOST}:1/w?token={TOKEN_OF_THE_PARTNER}"
_RIGHTS = ["webhooks:read", "webhooks:write"]
_numbers = itertools.count()


class Asked(Protocol):
    """A running service and a token of its platform API, whose name is ``BY_TOKEN``'s."""

    @property
    def port(self) -> int: ...

    @property
    def token(self) -> str: ...

    async def platform(self, method: str, target: str, body: bytes = b"") -> Answered: ...


@dataclass
class Story:
    """A partner of a running service; ``live`` it once."""

    at: Asked
    partner: str = field(default_factory=lambda: f"audited-{next(_numbers)}")
    routes: set[str] = field(default_factory=set)
    secrets: list[str] = field(default_factory=lambda: [_URL, TOKEN_OF_THE_PARTNER])
    told: list[Told] = field(default_factory=list)
    client: PartnerClient = field(init=False)
    webhook: str = field(init=False)

    async def live(self) -> None:
        """Ask for everything that changes something."""
        await self._begin()
        await self._use_keys()
        await self._register()
        await self._operate()
        await self._end()

    async def entries(self, query: str = "") -> list[JsonObject]:
        """Return what the trail says of the partner, the oldest first."""
        answer = await self.at.platform("GET", f"{AUDIT}?partner={self.partner}{query}")
        assert answer.status == 200, answer
        found: list[JsonObject] = answer.result["entries"]
        return found[::-1]

    async def platform(self, route: str, document: object = None, **names: str) -> Any:  # noqa: ANN401 - a result
        """Ask the platform API; ``route`` is spelt with the names of its parts."""
        method, path = self._target(route, names)
        body = b"" if document is None else json.dumps(document).encode()
        answer = await self.at.platform(method, path, body)
        assert answer.status in (200, 201, 202), (route, answer)
        return answer.result

    async def b2b(self, route: str, document: object = None) -> Any:  # noqa: ANN401 - as above
        answer = await self.client.call(*self._target(route, {}), document)
        assert answer.status == 200, (route, answer)
        return answer.result

    def tell(self, action: str, subject: str, details: JsonObject | None = None) -> None:
        self.told.append((BY_TOKEN, action, subject, details or {}))

    def tell_of_key(self, action: str, details: JsonObject | None = None) -> None:
        self.told.append((f"api_key:{self.client.key}", action, self.webhook, details or {}))

    async def _begin(self) -> None:
        hosts = ["a.acme.com"]
        made = await self.platform("POST /platform/v1/partners", {"id": self.partner, "allow_hosts": hosts})
        self.tell("partner.create", self.partner, {"name": self.partner, "allowed_hosts": hosts})
        self.client = PartnerClient(port=self.at.port, key=made["api_key"], secret=made["api_secret"])
        self.tell("key.create", self.client.key, {"nonce_window": 0, "permissions": _RIGHTS})
        await self.platform("POST /platform/v1/partners/{partner_id}/hosts", {"host": LOOPBACK_HOST})
        self.tell("partner.allow_host", self.partner, {"host": LOOPBACK_HOST})
        await self.platform("DELETE /platform/v1/partners/{partner_id}/hosts/{host}", host="a.acme.com")
        self.tell("partner.disallow_host", self.partner, {"host": "a.acme.com"})
        await self.platform("PATCH /platform/v1/partners/{partner_id}", {"name": "Acme"})
        self.tell("partner.rename", self.partner, {"name": "Acme"})
        self.secrets += [made["api_secret"], self.at.token]

    async def _use_keys(self) -> None:
        asked = {"nonce_window": 5, "permissions": _RIGHTS[:1]}
        made = await self.platform("POST /platform/v1/partners/{partner_id}/keys", asked)
        self.tell("key.create", made["api_key"], asked)
        await self.platform("DELETE /platform/v1/partners/{partner_id}/keys/{key}", key=made["api_key"])
        self.tell("key.revoke", made["api_key"])
        self.secrets += [made["api_secret"]]

    async def _register(self) -> None:
        registered = await self.b2b("POST /b2b/webhooks", {"url": _URL, "events": ["user.closed"]})
        self.webhook = registered["webhook"]["id"]
        self.tell_of_key("webhook.register", {"enabled": False, "events": ["user.closed"]})
        await self.b2b("PATCH /b2b/webhooks/{webhook_id}", {"enabled": True})
        self.tell_of_key("webhook.update", {"enabled": True})
        report = await self.b2b("POST /b2b/webhooks/{webhook_id}/test")
        self.tell_of_key("webhook.test", {"test": report["test_id"]})
        self.secrets += [registered["secret"], report["signature_header"]]

    async def _operate(self) -> None:
        batch = {"events": [{"partner": self.partner, "payload": sample("user.closed")}]}
        (delivery,) = (await self.platform("POST /platform/v1/events", batch))["events"][0]["deliveries"]
        # Nobody delivers here: cancelled is how a delivery ends.
        await self.platform("POST /platform/v1/webhooks/{webhook_id}/disable")
        self.tell("webhook.update", self.webhook, {"enabled": False})
        await self.platform("POST /platform/v1/webhooks/{webhook_id}/enable")
        self.tell("webhook.update", self.webhook, {"enabled": True})
        again = await self.platform("POST /platform/v1/deliveries/{delivery_id}/redeliver", delivery_id=delivery)
        self.tell("delivery.redeliver", delivery, {"made": again["delivery"]["id"], "webhook": self.webhook})
        many = {"partner": self.partner, "state": "failed", "rate": 7, "since": "2025-01-15T00:00:00Z"}
        job = (await self.platform("POST /platform/v1/redeliveries", many))["redelivery"]["id"]
        self.tell("redelivery.start", job, {"rate": 7, "state": "failed", "since": "2025-01-15T00:00:00.000000Z"})
        await self.platform("POST /platform/v1/redeliveries/{redelivery_id}/cancel", redelivery_id=job)
        self.tell("redelivery.cancel", job, {"made": 0})
        overlap = {"overlap_seconds": 60}
        rotated = await self.platform("POST /platform/v1/webhooks/{webhook_id}/rotate-secret", overlap)
        self.tell("webhook.rotate_secret", self.webhook, overlap)
        self.secrets += [rotated["secret"]]

    async def _end(self) -> None:
        await self.b2b("PATCH /b2b/webhooks/{webhook_id}", {"events": []})
        self.tell_of_key("webhook.update", {"events": []})
        await self.b2b("DELETE /b2b/webhooks/{webhook_id}")
        self.tell_of_key("webhook.delete")
        link = await self.platform("POST /platform/v1/partners/{partner_id}/portal-link")
        self.tell("partner.portal_link", self.partner)
        self.secrets += [link["path"].partition("=")[2]]
        await self.platform("POST /platform/v1/partners/{partner_id}/disable")
        self.tell("partner.disable", self.partner)
        await self.platform("POST /platform/v1/partners/{partner_id}/enable")
        self.tell("partner.enable", self.partner)

    def _target(self, route: str, names: dict[str, str]) -> tuple[str, str]:
        self.routes.add(route)
        method, _, path = route.partition(" ")
        known = {"partner_id": self.partner, "webhook_id": getattr(self, "webhook", ""), **names}
        for name, value in known.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return method, path
