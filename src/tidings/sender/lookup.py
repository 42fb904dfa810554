"""One question to the name servers: all A and AAAA records of a name.

Owns the c-ares channels. Refuses /etc/hosts, search domains and every cache but the resolver's own.
"""

import asyncio
from collections.abc import Iterable, Sequence

import aiodns
from aiodns.error import DNSError
from pycares import AAAARecordData, ARecordData, DNSResult

from tidings.core.instants import MILLISECOND, Span, to_seconds

_TRY_SECONDS = 1.0
_TRIES = 2
_ANSWERS_WITHIN: Span = 2_500 * MILLISECOND
"""A name server that is silent on one of the two questions must not cost the answer to the other."""


class _Channel:
    """A c-ares channel answers a name from its own cache when it is asked again: ``asked`` tells when not to."""

    __slots__ = ("asked", "busy", "dns")

    def __init__(self, servers: Sequence[str]) -> None:
        self.dns = aiodns.DNSResolver(servers or None, timeout=_TRY_SECONDS, tries=_TRIES)
        self.asked: set[str] = set()
        self.busy = 0

    async def ask(self, name: str) -> tuple[str, ...]:
        self.asked.add(name)
        questions = [self.dns.query_dns(name, kind) for kind in ("A", "AAAA")]
        try:
            await asyncio.wait(questions, timeout=to_seconds(_ANSWERS_WITHIN))
            found = [address for question in questions if question.done() for address in _answers(question)]
            return tuple(dict.fromkeys(found))
        finally:
            for question in questions:
                question.cancel()


class NameServers:
    """Asks ``servers`` (``host:port``), or the system's when there are none."""

    def __init__(self, servers: Sequence[str]) -> None:
        self._servers = list(servers)
        self._channel: _Channel | None = None
        self._open: set[_Channel] = set()

    async def addresses(self, name: str) -> tuple[str, ...]:
        """Return every address of ``name``, IPv4 first; none when there is no such name or no answer in time."""
        channel = await self._channel_for(name)
        channel.busy += 1
        try:
            return await channel.ask(name)
        finally:
            channel.busy -= 1
            if channel is not self._channel and not channel.busy:
                await self._end(channel)

    async def close(self) -> None:
        """Close every channel; questions under way get no answer."""
        self._channel = None
        for channel in tuple(self._open):
            await self._end(channel)

    async def _channel_for(self, name: str) -> _Channel:
        channel = self._channel
        if channel is not None and name not in channel.asked:
            return channel
        # Replaced before anything is awaited, so that nobody else picks the old one meanwhile.
        fresh = self._channel = _Channel(self._servers)
        self._open.add(fresh)
        if channel is not None and not channel.busy:
            await self._end(channel)
        return fresh

    async def _end(self, channel: _Channel) -> None:
        if channel in self._open:
            self._open.discard(channel)
            await channel.dns.close()


def _answers(question: asyncio.Future[DNSResult]) -> Iterable[str]:
    if isinstance(question.exception(), DNSError):
        return
    for record in question.result().answer:
        if isinstance(record.data, ARecordData | AAAARecordData):
            yield record.data.addr
