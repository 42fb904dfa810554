"""JSON read strictly from its raw bytes, before any lenient parser sees it.

Owns the one reader of outside JSON. Refuses duplicate keys, NaN and the infinities, a byte order mark, bad UTF-8, lone
surrogates and deep nesting (security.md section 3), always as `InvalidArgument` and never as another exception.
"""

import json
import math
import re
from typing import NoReturn, TypeAlias

import msgspec

from tidings.errors import InvalidArgument

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

FIELD = "body"
MAX_DEPTH = 32

# The closing quote is optional, so that text full of quotes that are never closed is still read only once.
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_ALL_SQUARE = bytes.maketrans(b"{}", b"[]")
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse(raw: bytes, *, max_depth: int = MAX_DEPTH) -> JsonValue:
    """Return the value that ``raw`` spells; raise `InvalidArgument` on what another parser might read otherwise."""
    if _is_deeper(raw, max_depth):
        raise InvalidArgument(FIELD, f"is nested deeper than {max_depth} levels, or its brackets do not match")
    try:
        value: JsonValue = _DECODER.decode(raw.decode())
    except UnicodeDecodeError as error:
        raise InvalidArgument(FIELD, "is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise InvalidArgument(FIELD, f"is not JSON: {error.msg} at character {error.pos}") from error
    except ValueError as error:
        raise InvalidArgument(FIELD, "has a number that is too long") from error
    if _SURROGATE_ESCAPE.search(raw) and _has_lone_surrogate(value):
        raise InvalidArgument(FIELD, "has half of a surrogate pair, which is no character")
    return value


def parse_object(raw: bytes, *, max_depth: int = MAX_DEPTH) -> dict[str, JsonValue]:
    """Return the object that ``raw`` spells; raise `InvalidArgument` when it is anything else."""
    value = parse(raw, max_depth=max_depth)
    if not isinstance(value, dict):
        raise InvalidArgument(FIELD, "is not a JSON object")
    return value


def compact(raw: bytes) -> str:
    """Return the text without insignificant white space; ``raw`` must have passed `parse`.

    Order, spelling of numbers and escapes stay: re-encoding the parsed value would change them.
    """
    return msgspec.json.format(raw, indent=-1).decode()


def _is_deeper(raw: bytes, max_depth: int) -> bool:
    if raw.count(b"[") + raw.count(b"{") <= max_depth:
        return False
    brackets = _STRINGS.sub(b"", raw).translate(_ALL_SQUARE, _NOT_BRACKETS)
    for _ in range(max_depth):
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidArgument(FIELD, "has a key twice in one object")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise InvalidArgument(FIELD, "has a number beyond the range of a double")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidArgument(FIELD, f"has {name}, which is not JSON")


def _has_lone_surrogate(value: JsonValue) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant)
