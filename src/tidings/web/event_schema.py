"""The schema of an event, as the catalogue checks it.

Owns its spelling for the documents. Refuses to know any field: those are the catalogue's own types.
"""

from typing import Any

from tidings.core.event_schemas import BY_TYPE
from tidings.web.openapi import schemas_of

_REF = "#/components/schemas/"


def _event_schemas() -> dict[str, Any]:
    """Return a schema for each event type and ``Event``, which is one of them."""
    schemas = schemas_of(dict.fromkeys(BY_TYPE.values()))
    for event_type, shape in BY_TYPE.items():
        schemas[event_type] = _with_type(event_type, {"$ref": _REF + shape.__name__})
    choices = {event_type: _REF + event_type for event_type in BY_TYPE}
    schemas["Event"] = {
        "oneOf": [{"$ref": reference} for reference in choices.values()],
        "discriminator": {"propertyName": "event_type", "mapping": choices},
    }
    return schemas


def _with_type(event_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    named = {"type": "object", "properties": {"event_type": {"const": event_type}}, "required": ["event_type"]}
    return {"allOf": [schema, named]}


EVENT_SCHEMAS: dict[str, Any] = _event_schemas()
