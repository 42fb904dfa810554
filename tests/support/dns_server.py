"""A name server on loopback that answers by a table and remembers every question.

Owns the zone of one test. Refuses to ask anybody else: a name that is not in the table does not exist.
"""

import asyncio
from collections import Counter
from ipaddress import ip_address
from typing import Self

from dnslib import AAAA, QTYPE, RCODE, RR, A, DNSRecord


class DnsServer(asyncio.DatagramProtocol):
    """Answers on 127.0.0.1 over UDP, within ``async with``. ``asked`` counts the questions by (name, type)."""

    def __init__(self) -> None:
        self.zone: dict[str, tuple[str, ...]] = {}
        self.silent: set[str] = set()
        self.silent_types: set[str] = set()
        self.broken: set[str] = set()
        self.asked: Counter[tuple[str, str]] = Counter()
        self.ttl = 60
        self.address = ""
        self._transport: asyncio.DatagramTransport | None = None
        self._held: list[tuple[bytes, tuple[str, int]]] | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._transport = transport
        host, port = transport.get_extra_info("sockname")[:2]
        self.address = f"{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._transport is not None
        self._transport.close()

    def hold(self) -> None:
        """Keep every answer back until ``release``."""
        self._held = []

    def release(self) -> None:
        """Send the answers kept back, and hold no more."""
        held, self._held = self._held or [], None
        for answer, asker in held:
            self._send(answer, asker)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = DNSRecord.parse(data)
        name, kind = str(question.q.qname).rstrip(".").lower(), QTYPE[question.q.qtype]
        self.asked[name, kind] += 1
        if name in self.silent or kind in self.silent_types:
            return
        answer = self._answer(question, name, kind).pack()
        if self._held is None:
            self._send(answer, addr)
        else:
            self._held.append((answer, addr))

    def _answer(self, question: DNSRecord, name: str, kind: str) -> DNSRecord:
        reply = question.reply()
        if name in self.broken:
            reply.header.rcode = RCODE.SERVFAIL
        elif name not in self.zone:
            reply.header.rcode = RCODE.NXDOMAIN
        for address in map(ip_address, self.zone.get(name, ())):
            if (kind == "A") == (address.version == 4) and name not in self.broken:
                data = A(str(address)) if address.version == 4 else AAAA(str(address))
                reply.add_answer(RR(name, getattr(QTYPE, kind), rdata=data, ttl=self.ttl))
        return reply

    def _send(self, answer: bytes, asker: tuple[str, int]) -> None:
        assert self._transport is not None
        self._transport.sendto(answer, asker)
