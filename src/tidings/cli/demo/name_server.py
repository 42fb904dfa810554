"""A name server that knows one address, or none.

Owns as much of DNS as one question needs: every name has the address that it points to, and no name exists before.
"""

import asyncio
import struct
from ipaddress import IPv4Address
from typing import Self

_HEADER = struct.Struct("!HHHHHH")
_ANSWERED = 0x8180
_NO_SUCH_NAME = 0x8183
_POINTER_TO_QUESTION = 0xC00C
_ADDRESS_QUESTION = b"\x00\x01\x00\x01"
"""Type A, class IN: how a question for an IPv4 address ends."""
_NOT_KEPT = 0
"""Seconds for which an answer may be kept: none."""


class NameServer(asyncio.DatagramProtocol):
    """Listens on 127.0.0.1 over UDP; every name is unknown until ``point_to``."""

    def __init__(self) -> None:
        self._address: IPv4Address | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._transport is not None:
            self._transport.close()

    def point_to(self, address: IPv4Address) -> None:
        """From now on every name has this address."""
        self._address = address

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        if self._transport is not None and len(data) > _HEADER.size:
            self._transport.sendto(self._answer(data), addr)

    def _answer(self, question: bytes) -> bytes:
        number = _HEADER.unpack_from(question)[0]
        name, end, rest = question[_HEADER.size :].partition(b"\x00")
        asked = name + end + rest[: len(_ADDRESS_QUESTION)]
        if self._address is None:
            return _HEADER.pack(number, _NO_SUCH_NAME, 1, 0, 0, 0) + asked
        if not asked.endswith(end + _ADDRESS_QUESTION):
            return _HEADER.pack(number, _ANSWERED, 1, 0, 0, 0) + asked
        record = struct.pack("!HHHIH", _POINTER_TO_QUESTION, 1, 1, _NOT_KEPT, 4) + self._address.packed
        return _HEADER.pack(number, _ANSWERED, 1, 1, 0, 0) + asked + record
