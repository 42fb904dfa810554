"""Facts as log lines: every word that the service logs is in this file.

Owns levels, wording and the two styles. ``error`` means that a person must act, ``warning`` that we degraded, ``info``
is one line for an attempt and for each lifecycle change. Refuses every value that is not a field of a fact.
"""

import json
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, Literal, Protocol, TypeAlias

import msgspec
import structlog
from msgspec.structs import asdict

from tidings.clock import Clock
from tidings.core.instants import MILLISECOND, SECOND
from tidings.telemetry.facts import (
    AccessRefused,
    AttemptEnded,
    ClockJumped,
    DatabaseBack,
    DatabaseLost,
    DeliveriesExpired,
    Emit,
    Fact,
    LeaseLost,
    LeasesRescued,
    OperationalEventTold,
    PartnerCreated,
    PartnerDisabled,
    RedeliveryEnded,
    RedeliveryStarted,
    RequestFailed,
    ServiceLoopFailed,
    ServiceStarted,
    ServiceStopped,
    ServiceStopping,
    SpansLost,
    SuspectSent,
    WebhookDeleted,
    WebhookRegistered,
    WebhookSecretRotated,
    WebhookTested,
    WebhookUpdated,
)
from tidings.telemetry.pruning_facts import PartitionDropped, PartitionsMade, PruningPutOff, RowsPruned

Level: TypeAlias = Literal["info", "warning", "error"]
Style: TypeAlias = Literal["json", "text"]

WORDING: Mapping[type[Fact], tuple[Level, str]] = {
    ServiceStarted: ("info", "service started"),
    ServiceStopping: ("info", "service stopping: attempts in flight are finished first"),
    ServiceStopped: ("info", "service stopped"),
    AttemptEnded: ("info", "attempt ended"),
    LeaseLost: ("warning", "lease lost: the result came too late and was not recorded"),
    LeasesRescued: ("warning", "leases had run out: their deliveries were taken back"),
    SuspectSent: ("warning", "sent apart: it lost its lease again and again, and may be what stops its process"),
    DeliveriesExpired: ("warning", "retry window closed before another attempt: deliveries failed"),
    RowsPruned: ("info", "rows removed that were older than is kept"),
    PartitionsMade: ("info", "partitions made ahead"),
    PartitionDropped: ("info", "partition dropped: all of it was older than is kept"),
    PruningPutOff: ("warning", "old rows could not be removed just now: the next round tries again"),
    DatabaseLost: ("error", "database lost: nothing is accepted or delivered until it is back"),
    DatabaseBack: ("info", "database back"),
    ClockJumped: ("warning", "the clock was set: moments before and after do not compare; leases go by another clock"),
    ServiceLoopFailed: ("error", "unexpected error in a service loop: it goes on"),
    AccessRefused: ("warning", "access refused"),
    WebhookRegistered: ("info", "webhook registered"),
    WebhookUpdated: ("info", "webhook updated"),
    WebhookDeleted: ("info", "webhook deleted"),
    WebhookTested: ("info", "webhook tested"),
    WebhookSecretRotated: ("info", "webhook got a new signing secret"),
    PartnerCreated: ("info", "partner created"),
    PartnerDisabled: ("info", "partner disabled"),
    OperationalEventTold: ("warning", "operational event stored: it will be sent to the operations' webhook"),
    SpansLost: ("warning", "spans lost: the collector of traces does not take them"),
    RedeliveryStarted: ("info", "redelivery started"),
    RedeliveryEnded: ("info", "redelivery ended"),
    RequestFailed: ("error", "request failed with an error of ours"),
}
"""The facts that are logged. Commits, publications, requests, questions and look-ups come by the thousand:
they are metrics only."""


class LogStream(Protocol):
    """Where lines go: a binary stream or a ``LineBuffer``."""

    def write(self, line: bytes, /) -> object:
        """Take one line, its newline included."""

    def flush(self) -> object:
        """Let go of every line taken."""


class _Lines:
    """What structlog calls a logger: it takes the rendered line."""

    __slots__ = ("_stream",)

    def __init__(self, stream: LogStream) -> None:
        self._stream = stream

    def info(self, line: bytes) -> None:
        self._stream.write(line)

    def error(self, line: bytes) -> None:
        self._stream.write(line)
        self._stream.flush()

    warning = info


def log_to(stream: LogStream, *, style: Style, clock: Clock) -> Emit:
    """Return a reader that writes each fact of ``WORDING`` to ``stream`` as one line."""
    logger = structlog.BoundLogger(_Lines(stream), processors=[_stamper(clock), _RENDERERS[style]], context={})
    tellers = {kind: (getattr(logger, level), sentence) for kind, (level, sentence) in WORDING.items()}

    def read(fact: Fact) -> None:
        teller = tellers.get(type(fact))
        if teller is not None:
            tell, sentence = teller
            # As one value: structlog keeps the name "event" for itself, and an attempt's event has it too.
            tell(sentence, fact=fact)

    return read


_Line: TypeAlias = MutableMapping[str, Any]
_Processor: TypeAlias = Callable[[Any, str, _Line], _Line]


def _stamper(clock: Clock) -> _Processor:
    """Put moment, level and message before the fact's own fields."""
    second, stamp = -1, ""

    def put(_logger: object, level: str, line: _Line) -> _Line:
        nonlocal second, stamp
        now = clock.now()
        if now // SECOND != second:
            second = now // SECOND
            stamp = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        at = f"{stamp}.{now % SECOND // MILLISECOND:03d}Z"
        return {"at": at, "level": level, "message": line["event"], **asdict(line["fact"])}

    return put


_encode = msgspec.json.Encoder().encode


def _json(_logger: object, _level: str, line: _Line) -> bytes:
    return _encode(line) + b"\n"


def _text(_logger: object, _level: str, line: _Line) -> bytes:
    at, level, sentence = line.pop("at"), line.pop("level"), line.pop("message")
    fields = " ".join(f"{name}={_plain(value)}" for name, value in line.items() if value is not None)
    return f"{at} {level:<7} {sentence} {fields}".rstrip().encode() + b"\n"


def _plain(value: object) -> str:
    """Return ``value`` as it is, or quoted when it could be taken for more than one word or line."""
    text = str(value)
    return text if text.isascii() and text.isprintable() and not set(text) & set(' "=') else json.dumps(text)


_RENDERERS: Mapping[Style, Callable[[Any, str, _Line], bytes]] = {"json": _json, "text": _text}
