"""What publisher and receiver write down on disk while faults are thrown, one line for each fact.

Owns the lines and how they are written and read. A line is in the file before the process does the next thing.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import TypeVar

from msgspec import Struct
from msgspec import json as msgspec_json

Line = TypeVar("Line")

UNAVAILABLE = 503


class Offered(Struct, frozen=True, tag="offered", array_like=True):
    """An event that a publisher is about to publish for the first time. ``marker`` is its idempotency key too."""

    marker: str
    partner: str
    digest: str


class Told(Struct, frozen=True, tag="told", array_like=True):
    """A 202 for one event. ``asked_at`` and ``at`` are microseconds since the epoch."""

    asked_at: int
    at: int
    marker: str
    event: str
    deliveries: list[str]


class Refused(Struct, frozen=True, tag="refused", array_like=True):
    """Any other answer to a publisher."""

    at: int
    status: int
    retry_after: str | None

    @property
    def is_unavailable(self) -> bool:
        """Tell whether this is what G14 promises while nothing can be written: 503, and when to ask again."""
        return self.status == UNAVAILABLE and (self.retry_after or "").isdigit()


class Broken(Struct, frozen=True, tag="broken", array_like=True):
    """A publisher's connection that was refused, broke, or stayed silent."""

    at: int


PublisherLine = Offered | Told | Refused | Broken


class Received(Struct, frozen=True, tag="received", array_like=True):
    """One request as the receiver read it. ``genuine`` is its verdict on the signature."""

    at: int
    path: str
    headers: list[tuple[str, str]]
    marker: str
    digest: str
    signature: str
    genuine: bool
    answer: str


class Ledger:
    """An append-only file of lines."""

    def __init__(self, place: Path) -> None:
        self._file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._encoder = msgspec_json.Encoder()

    def write(self, *lines: Struct) -> None:
        """Hand the lines to the kernel, which keeps them whatever becomes of this process."""
        os.write(self._file, b"".join(self._encoder.encode(line) + b"\n" for line in lines))


def read_publisher(place: Path) -> Iterator[PublisherLine]:
    return _read(place, PublisherLine)


def read_receiver(place: Path) -> Iterator[Received]:
    yield from _read(place, Received)


def _read(place: Path, kind: type[Line] | UnionType) -> Iterator[Line]:
    decoder = msgspec_json.Decoder(kind)
    with place.open("rb") as file:
        for line in file:
            yield decoder.decode(line)
