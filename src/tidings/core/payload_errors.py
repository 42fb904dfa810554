"""What is wrong with a payload, as a field's dotted path and plain words.

Owns the translation of the validator's messages. Refuses to repeat what the publisher sent: a value in an error could
end up in a log or a page.
"""

from typing import get_args

from msgspec import ValidationError

from tidings.core import event_schemas
from tidings.core.json_words import in_json_words
from tidings.errors import InvalidArgument

_MISSING = "Object missing required field `"
_ENUM = "Invalid enum value"

# By the end of the path; the longer ending first.
_ALLOWED: dict[str, tuple[str, ...]] = {
    "trigger.type": get_args(event_schemas.TriggerType),
    ".type": get_args(event_schemas.Side),
    ".condition": get_args(event_schemas.Condition),
    ".status": get_args(event_schemas.TransferStatus),
    "asset_class": get_args(event_schemas.AssetClass),
}
_PATTERNS: tuple[tuple[str, str], ...] = (
    (event_schemas.DECIMAL, "must be a decimal number in a string, such as `12.50`"),
    (event_schemas.TIMESTAMP, "must be RFC 3339 in UTC with nine fractional digits"),
)


def explain(error: ValidationError) -> InvalidArgument:
    """Return the error that names the field, such as ``payload.action.amount.asset``."""
    words, _, place = str(error).partition(" - at `$")
    path = "payload" + place.removesuffix("`")
    if words.startswith(_MISSING):
        return InvalidArgument(f"{path}.{words.removeprefix(_MISSING).removesuffix('`')}", "is missing")
    if words.startswith(_ENUM):
        return InvalidArgument(path, _choices(path))
    if "matching regex" in words:
        return InvalidArgument(path, _spelling(words))
    return InvalidArgument(path, in_json_words(words))


def _choices(path: str) -> str:
    allowed = next(values for ending, values in _ALLOWED.items() if path.endswith(ending))
    return "must be " + " or ".join(f"`{value}`" for value in allowed)


def _spelling(words: str) -> str:
    return next(why for pattern, why in _PATTERNS if repr(pattern) in words or pattern in words)
