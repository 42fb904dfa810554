"""Reading ``X-Signature``: ``t={unix seconds},v1={hex}[,v1={hex}…]``.

Owns its grammar. Refuses a second ``t``, and spellings that another reader could take for something else; passes over
elements of other names, which later versions may add.
"""

import re
from typing import NamedTuple

from tidings_receiver.errors import MalformedSignature, MissingSignature

LONGEST = 4_096

_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)


class SignatureHeader(NamedTuple):
    """When it was signed, in Unix seconds, and the signatures; any one that matches is enough."""

    t: int
    signatures: tuple[bytes, ...]


def read(header: str | None) -> SignatureHeader:
    """Return what the header says; raise `MissingSignature` or `MalformedSignature`."""
    if not header:
        raise MissingSignature("there is no X-Signature header")
    if len(header) > LONGEST:
        raise MalformedSignature("the X-Signature header is too long")
    elements = [_element(text) for text in header.split(",")]
    return SignatureHeader(_seconds(elements), _signatures(elements))


def _element(text: str) -> tuple[str, str]:
    name, equals, value = text.strip(" ").partition("=")
    if not equals:
        raise MalformedSignature("an element of X-Signature has no `=`")
    return name, value


def _seconds(elements: list[tuple[str, str]]) -> int:
    values = [value for name, value in elements if name == "t"]
    if len(values) != 1 or _SECONDS.fullmatch(values[0]) is None:
        raise MalformedSignature("X-Signature must have exactly one `t`, in Unix seconds")
    return int(values[0])


def _signatures(elements: list[tuple[str, str]]) -> tuple[bytes, ...]:
    values = [value for name, value in elements if name == "v1"]
    if not values or not all(map(_SIGNATURE.fullmatch, values)):
        raise MalformedSignature("X-Signature must have `v1` signatures of 64 lower-case hex digits")
    return tuple(map(bytes.fromhex, values))
