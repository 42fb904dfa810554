"""Forms, queries and cookies, read strictly."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from litestar.types import Receive, Scope

from tidings.errors import InvalidArgument
from tidings.web.raw import header_once, read_body

MOST_FORM = 64 * 1024
_FORM = b"application/x-www-form-urlencoded"
_MOST_FIELDS = 200


class Form:
    """The fields of a form; one of them may be given several times."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def one(self, name: str) -> str:
        """Return a field, empty when it was not given. Raises InvalidArgument when it was given twice."""
        values = self.all(name)
        if len(values) > 1:
            raise InvalidArgument(name, "may be given once")
        return values[0] if values else ""

    def all(self, name: str) -> list[str]:
        return [value for key, value in self._pairs if key == name]

    def given(self) -> dict[str, str]:
        """Return every field that is not empty."""
        return {name: self.one(name) for name in dict.fromkeys(key for key, _ in self._pairs) if self.one(name)}


async def read_form(scope: Scope, receive: Receive) -> Form:
    """Return the form. Raises InvalidArgument, BodyTooLarge or BodyTooSlow."""
    kind = (header_once(scope, b"content-type") or b"").partition(b";")[0].strip().lower()
    if kind != _FORM:
        raise InvalidArgument("body", "must be a form")
    return Form(_pairs(await read_body(scope, receive, limit=MOST_FORM)))


def query_of(scope: Scope) -> Form:
    """Return the query's fields."""
    return Form(_pairs(scope["query_string"]))


def cookies_of(scope: Scope) -> Mapping[str, str]:
    """Return the cookies; of two with one name the first, which is the one with the longer path."""
    found: dict[str, str] = {}
    for key, value in scope["headers"]:
        if key == b"cookie":
            for pair in value.decode("latin-1").split(";"):
                name, _, text = pair.strip().partition("=")
                found.setdefault(name, text)
    return found


def _pairs(raw: bytes) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise InvalidArgument("query", "is not a list of name=value") from None
    if any("\x00" in text for pair in pairs for text in pair):
        # PostgreSQL keeps no zero byte in a text, and none of ours has one.
        raise InvalidArgument("query", "holds a zero byte")
    return pairs
