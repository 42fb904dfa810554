"""The number that makes each request of a key fresh (contract.md section 4).

Owns its spelling and the rule of freshness. Refuses to read it as a time.
"""

import re
from collections.abc import Container

from tidings.errors import InvalidNonce

HIGHEST = 2**64 - 1

_CANONICAL = re.compile(rb"[1-9][0-9]{0,19}")


def parse(text: bytes) -> int:
    """Return the nonce that the header spells; raise `InvalidNonce` unless it is canonical decimal, 1 to 2^64-1."""
    if _CANONICAL.fullmatch(text) is None or int(text) > HIGHEST:
        raise InvalidNonce
    return int(text)


def stored(nonce: int) -> str:
    """Return 20 digits that sort as text: neither database has an unsigned 64-bit integer."""
    return f"{nonce:020d}"


def is_fresh(nonce: int, *, highest: int, window: int, used: Container[int]) -> bool:
    """Tell whether a key may spend ``nonce``; ``used`` holds what it spent within its window."""
    if nonce > highest:
        return True
    return highest - window < nonce < highest and nonce not in used
