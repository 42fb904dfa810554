"""How the receiver answers: well, slowly, and in every bad way.

Owns the kinds and what each puts on the wire.
"""

import asyncio
import random
from enum import StrEnum

SLOWLY_S = 0.03
HELD_S = 1.5
TOO_LATE_S = 6.0
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"


class Behaviour(StrEnum):
    """One way to answer. ``MOODY`` is now one, now another."""

    OK = "ok"
    SLOW = "slow"
    HELD = "held"
    ERROR = "error"
    BUSY = "busy"
    REDIRECT = "redirect"
    DROP = "drop"
    SILENT = "silent"
    LATE = "late"
    GARBAGE = "garbage"
    ENDLESS = "endless"
    LONG_HEAD = "long_head"
    MOODY = "moody"

    def settled(self) -> "Behaviour":
        """Return the way in which this request is answered."""
        return random.choice(_MOODS) if self is Behaviour.MOODY else self


_MOODS = (*(Behaviour.OK,) * 8, Behaviour.ERROR, Behaviour.BUSY, Behaviour.DROP, Behaviour.GARBAGE)

_SAID = {
    Behaviour.ERROR: b"HTTP/1.1 500 Broken\r\nContent-Length: 4\r\n\r\noops",
    Behaviour.BUSY: b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
    Behaviour.REDIRECT: b"HTTP/1.1 302 Elsewhere\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    Behaviour.GARBAGE: b"\x00\x01 this is not HTTP \xff\xfe\r\n\r\n",
    Behaviour.ENDLESS: b"HTTP/1.1 500 Endless\r\nTransfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65536,
    Behaviour.LONG_HEAD: b"HTTP/1.1 500 Long\r\n" + b"X-Long: " + b"y" * 1_000_000,
}
_LATER = {Behaviour.SLOW: SLOWLY_S, Behaviour.HELD: HELD_S, Behaviour.LATE: TOO_LATE_S}
_CLOSING = {Behaviour.GARBAGE, Behaviour.LONG_HEAD}


def answer_with(transport: asyncio.Transport, behaviour: Behaviour) -> None:
    match behaviour:
        case Behaviour.OK:
            transport.write(_OK)
        case Behaviour.SLOW | Behaviour.HELD | Behaviour.LATE:
            asyncio.get_running_loop().call_later(_LATER[behaviour], _answer_late, transport)
        case Behaviour.DROP:
            transport.abort()
        case Behaviour.SILENT:
            return
        case _:
            transport.write(_SAID[behaviour])
            if behaviour in _CLOSING:
                transport.close()


def _answer_late(transport: asyncio.Transport) -> None:
    if not transport.is_closing():
        transport.write(_OK)
