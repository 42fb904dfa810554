"""A name server in the hands of the attacker.

Owns what a name server may do to its clients: another answer at each question, good and bad ones mixed, far too many,
aliases of aliases, one answer over UDP and another over TCP, late ones and none.
"""

import asyncio
import struct
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Self, TypeAlias

from dnslib import AAAA, CNAME, QTYPE, RR, A, DNSRecord

from support.dns_server import DnsServer

Script: TypeAlias = Callable[[int], Sequence[str]]
"""From the number of the look-up, counted from 1, to the addresses that it gets."""

PORT = 53


def always(*addresses: str) -> Script:
    return lambda _: addresses


def in_turns(*answers: str) -> Script:
    return lambda number: (answers[(number - 1) % len(answers)],)


class HostileDns(DnsServer):
    """Answers 127.0.0.1:53; ``scripts`` are names with a will of their own, and win over ``zone``."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: dict[str, Script] = {}
        self.aliases: dict[str, str] = {}
        self.late: dict[str, float] = {}
        self.truncated: dict[str, Sequence[str]] = {}
        """Names whose answer over UDP is cut off, with what they answer over TCP."""
        self.ttl = 0
        self._tcp: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", PORT))
        self._tcp = await asyncio.start_server(self._talk, "127.0.0.1", PORT)
        self.address = f"127.0.0.1:{PORT}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._tcp is not None
        self._tcp.close()
        await super().__aexit__()

    def _answer(self, question: DNSRecord, name: str, kind: str) -> DNSRecord:
        if name in self.truncated:
            reply = question.reply()
            reply.header.tc = 1
            return reply
        if name not in self.scripts and name not in self.aliases:
            return super()._answer(question, name, kind)
        return self._scripted(question, name, kind)

    def _scripted(self, question: DNSRecord, name: str, kind: str) -> DNSRecord:
        reply, at = question.reply(), name
        while at in self.aliases:
            reply.add_answer(RR(at, QTYPE.CNAME, rdata=CNAME(self.aliases[at]), ttl=self.ttl))
            at = self.aliases[at]
        script = self.scripts.get(at)
        number = self.asked[name, kind]
        _add(reply, at, kind, () if script is None else script(number))
        return reply

    def _send(self, answer: bytes, asker: tuple[str, int]) -> None:
        name = str(DNSRecord.parse(answer).q.qname).rstrip(".").lower()
        if name in self.late:
            asyncio.get_running_loop().call_later(self.late[name], super()._send, answer, asker)
        else:
            super()._send(answer, asker)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        question = DNSRecord.parse(await reader.readexactly(length))
        name, kind = str(question.q.qname).rstrip(".").lower(), QTYPE[question.q.qtype]
        reply = question.reply()
        _add(reply, name, kind, self.truncated.get(name, ()))
        packed = reply.pack()
        writer.write(struct.pack("!H", len(packed)) + packed)
        await writer.drain()
        writer.close()


def _add(reply: DNSRecord, name: str, kind: str, addresses: Sequence[str]) -> None:
    for address in map(ip_address, addresses):
        if (kind == "A") == (address.version == 4):
            data = A(str(address)) if address.version == 4 else AAAA(str(address))
            reply.add_answer(RR(name, getattr(QTYPE, kind), rdata=data, ttl=0))
