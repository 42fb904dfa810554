"""From verified bytes to a typed event.

Owns the mapping from JSON to the classes of ``events``. Refuses JSON that is ambiguous (duplicate keys, NaN), and an
event without a field that its type must have.
"""

import json
from dataclasses import MISSING, fields
from typing import Any, NamedTuple, NoReturn, get_args, get_type_hints

from tidings_receiver.errors import MalformedPayload
from tidings_receiver.events import BY_TYPE, NESTED, Event, UnknownEvent


class _Field(NamedTuple):
    name: str
    kind: type
    required: bool


def read(body: bytes) -> Event:
    """Return the event; one of a type that this version does not know is an `UnknownEvent`."""
    raw = _json_object(body)
    event_type = raw.get("event_type")
    if not isinstance(event_type, str):
        raise MalformedPayload("the payload has no event_type")
    known = BY_TYPE.get(event_type)
    if known is None:
        return UnknownEvent(event_type=event_type, raw=raw)
    return known(raw=raw, **_values(known, raw))


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedPayload("the payload is not JSON") from error
    if not isinstance(value, dict):
        raise MalformedPayload("the payload is not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedPayload("the payload has a key twice in one object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedPayload(f"the payload has {name}, which is not JSON")


def _values(kind: type, given: dict[str, Any]) -> dict[str, Any]:
    return {
        field.name: _value(field, given.get(field.name))
        for field in _FIELDS[kind]
        if field.required or given.get(field.name) is not None
    }


def _value(field: _Field, value: object) -> object:
    if field.kind is str and isinstance(value, str):
        return value
    if field.kind in _FIELDS and isinstance(value, dict):
        return field.kind(**_values(field.kind, value))
    raise MalformedPayload(f"the payload's {field.name} is missing or of the wrong type")


def _fields_of(kind: type) -> tuple[_Field, ...]:
    hints = get_type_hints(kind)
    return tuple(
        _Field(field.name, (get_args(hints[field.name]) or (hints[field.name],))[0], field.default is MISSING)
        for field in fields(kind)
        if field.name != "raw"
    )


_FIELDS: dict[type, tuple[_Field, ...]] = {kind: _fields_of(kind) for kind in (*BY_TYPE.values(), *NESTED)}
