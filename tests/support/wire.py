"""A sender with its own name server, for tests of what goes over the wire.

Owns the rules that let a test reach loopback, on the ports that it names and no other.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from support.certificates import Authority
from support.dns_server import DnsServer
from tidings.clock import Clock
from tidings.core.addresses import AllowPair
from tidings.core.callback_url import CallbackUrl, EgressRules
from tidings.core.instants import SECOND, span
from tidings.core.outcome import Outcome
from tidings.sender.request import OutboundRequest
from tidings.sender.resolver import Resolver
from tidings.sender.sender import Sender

HOST = "hooks.acme.com"
LOOPBACK = ip_network("127.0.0.0/8")
HEADERS = (("Content-Type", "application/json"), ("User-Agent", "Tidings"), ("X-Signature", "t=1,v1=00"))


@dataclass(frozen=True, kw_only=True)
class Wire:
    """A sender and the name server that it asks."""

    sender: Sender
    dns: DnsServer
    clock: Clock

    async def post(
        self,
        port: int,
        *,
        host: str = HOST,
        path: str = "/hook?token=1",
        body: bytes = b'{"a":1}',
        number: int = 1,
        timeout: float = 5.0,  # noqa: ASYNC109 - the request's own, in seconds
        start_within: float = 60.0,
    ) -> Outcome:
        request = OutboundRequest(
            partner="acme",
            url=callback_url(port, host=host, path=path),
            headers=HEADERS,
            body=body,
            number=number,
            timeout=span(timeout),
            start_by=self.clock.monotonic() + span(start_within),
        )
        return await self.sender.post(request)


def callback_url(port: int, *, host: str = HOST, path: str = "/hook") -> CallbackUrl:
    literal = ip_address(host) if host[0].isdigit() else None
    url = f"https://{host}:{port}{path}"
    return CallbackUrl(sent=url, canonical=url, host=host, port=port, literal=literal)


@asynccontextmanager
async def open_wire(authority: Authority, *ports: int, clients: int = 8) -> AsyncIterator[Wire]:
    """Open a sender that trusts ``authority`` and may reach loopback on ``ports``; ``HOST`` is 127.0.0.1."""
    clock = Clock()
    rules = EgressRules(ports=frozenset({443}), allow=tuple(AllowPair(LOOPBACK, port) for port in ports))
    async with DnsServer() as dns:
        dns.zone[HOST] = ("127.0.0.1",)
        resolver = Resolver(servers=[dns.address], clock=clock)
        sender = Sender(rules=rules, resolver=resolver, roots_pem=authority.pem, clients=clients, clock=clock)
        try:
            yield Wire(sender=sender, dns=dns, clock=clock)
        finally:
            await sender.close()


class SetClock(Clock):
    """A clock that stands still until the test moves it."""

    def __init__(self) -> None:
        self.moment = time.time_ns() // 1000
        self.ticks = SECOND

    def now(self) -> int:
        return self.moment

    def monotonic(self) -> int:
        return self.ticks

    def pass_(self, seconds: float) -> None:
        self.moment += span(seconds)
        self.ticks += span(seconds)
