"""Events in a file: one JSON object, an array of them, or JSON lines.

Owns telling the three apart and where in the file a fault is. Each event keeps its spelling: numbers and the order
of fields are what the publisher wrote.
"""

from collections.abc import Iterator
from typing import NoReturn

import msgspec
from msgspec import Struct

from tidings.core import strict_json
from tidings.core.catalogue import check_payload
from tidings.errors import InvalidArgument

_WHITE_SPACE = b" \t\r\n"


class Found(Struct, frozen=True):
    """One event and the words for where it stands."""

    place: str
    payload: bytes


def read_events(raw: bytes, name: str) -> list[bytes]:
    """Return the events of a file, all of them checked. Raises InvalidArgument that names file, place and field."""
    found = list(_split(raw, name))
    if not found:
        raise InvalidArgument(name, "holds no event")
    for one in found:
        _check(one, name)
    return [one.payload for one in found]


def _split(raw: bytes, name: str) -> Iterator[Found]:
    text = raw.strip(_WHITE_SPACE)
    if text.startswith(b"["):
        return _items(text, name)
    return _lines(raw) if _is_lines(text) else iter([Found("the event", text)] if text else [])


def _is_lines(text: bytes) -> bool:
    """Whether the first line is JSON by itself and others follow it."""
    first, new_line, _ = text.partition(b"\n")
    return bool(new_line) and _is_json(first)


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return True


def _lines(raw: bytes) -> Iterator[Found]:
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if text := line.strip(_WHITE_SPACE):
            yield Found(f"line {number}", text)


def _items(text: bytes, name: str) -> Iterator[Found]:
    try:
        items = msgspec.json.decode(text, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        _explain(text, name)
    for number, item in enumerate(items, start=1):
        yield Found(f"event {number}", bytes(item))


def _explain(text: bytes, name: str) -> NoReturn:
    """Say what is wrong with the array: the strict parser's words are better."""
    try:
        strict_json.parse(text)
    except InvalidArgument as error:
        raise InvalidArgument(name, error.why) from None
    raise InvalidArgument(name, "is not JSON")


def _check(one: Found, name: str) -> None:
    try:
        check_payload(one.payload)
    except InvalidArgument as error:
        raise InvalidArgument(f"{name}: {one.place}", str(error)) from None
