"""From parsed JSON to a shape, and from a complaint about it to a field and a reason.

Owns the reading of the decoder's words. Refuses to show them: who asked gets the path and what was expected there.
"""

import re
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from tidings.core.json_words import in_json_words
from tidings.errors import InvalidArgument

T = TypeVar("T", bound=Struct)

_PLACE = re.compile(r"\A(?P<why>.*?)(?: - at `(?P<key>key in )?\$(?P<path>[^`]*)`)?\Z", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")


class Complaint(Struct, frozen=True):
    """``path`` is dotted and empty for the whole; ``why`` is a clause."""

    path: str
    why: str


def complaint(error: msgspec.ValidationError) -> Complaint:
    """Read what the decoder did not like, and where."""
    found = _PLACE.match(str(error))
    why, path = (str(error), "") if found is None else (found["why"], found["path"] or "")
    missing = _MISSING.search(why)
    if missing is not None:
        return Complaint(f"{path}.{missing['name']}".strip("."), "is required")
    return Complaint(path.strip("."), in_json_words(why).replace("`", ""))


def shaped(fields: Any, shape: type[T]) -> T:  # noqa: ANN401 - any JSON value
    """Return ``fields`` as ``shape``. Raises InvalidArgument with the outermost field that is wrong."""
    try:
        return msgspec.convert(fields, shape)
    except msgspec.ValidationError as error:
        found = complaint(error)
        raise InvalidArgument(re.split(r"[.\[]", found.path)[0] or "body", found.why) from None
