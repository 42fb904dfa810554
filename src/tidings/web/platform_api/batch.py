"""The batch of a publish, read fast and strictly.

Owns the envelope: its shape by one decoder, its strictness by the strict parser over all but the payloads. Refuses to
read payloads: the catalogue checks each of them on its own bytes.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from tidings.actions.publishing import MOST_EVENTS, Publication
from tidings.core import strict_json
from tidings.errors import InvalidArgument, InvalidEvent
from tidings.web.shape import complaint

PartnerId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=63)]
IdempotencyKey: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^\u0000]*\Z")]

_IN_AN_EVENT = re.compile(r"events\[(?P<index>\d+)\]\.?(?P<field>.*)", re.DOTALL)


class BatchItem(Struct, frozen=True):
    """One event to be published."""

    partner: PartnerId
    payload: Raw
    idempotency_key: IdempotencyKey | None = None


class Batch(Struct, frozen=True):
    """The body of a publish."""

    events: Annotated[list[BatchItem], Meta(min_length=1, max_length=MOST_EVENTS)]


_DECODER = msgspec.json.Decoder(Batch)


def publications(raw: bytes) -> list[Publication]:
    """Return what is to be published. Raises InvalidArgument for the envelope, InvalidEvent for one of its events."""
    batch = _decoded(raw)
    payloads = [bytes(item.payload) for item in batch.events]
    strict_json.parse(_around(raw, payloads))
    return [
        Publication(partner=item.partner, payload=payload, idempotency_key=item.idempotency_key)
        for item, payload in zip(batch.events, payloads, strict=True)
    ]


def _decoded(raw: bytes) -> Batch:
    with blaming_the_body():
        try:
            return _DECODER.decode(raw)
        except msgspec.ValidationError as error:
            raise _refusal(error) from None


@contextmanager
def blaming_the_body() -> Iterator[None]:
    """Translate what a decoder raises for bytes that are no JSON at all, or that nest without end."""
    try:
        yield
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidArgument("body", "is not valid JSON") from None


def _around(raw: bytes, payloads: list[bytes]) -> bytes:
    """Return the envelope with every payload cut out: what is left is small, whatever was published."""
    kept: list[bytes] = []
    start = 0
    for payload in payloads:
        place = raw.find(payload, start)
        if place < 0:
            # A payload that is not where it should be was found too early once; then nothing is cut out.
            return raw
        kept.append(raw[start:place])
        start = place + len(payload)
    kept.append(raw[start:])
    return b"0".join(kept)


def _refusal(error: msgspec.ValidationError) -> InvalidArgument | InvalidEvent:
    found = complaint(error)
    inside = _IN_AN_EVENT.fullmatch(found.path)
    if inside is None:
        return InvalidArgument(re.split(r"[.\[]", found.path)[0] or "body", found.why)
    return InvalidEvent(int(inside["index"]), inside["field"] or "event", found.why)
