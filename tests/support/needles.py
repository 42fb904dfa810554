"""Many needles in large haystacks: each secret in every spelling in which it could have leaked.

Owns the spellings and the search. A haystack is read in blocks of eight bytes; each needle is known by the eight
blocks that it may begin with, so that a search costs the same for one needle and for a hundred thousand.
"""

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import quote_from_bytes

BLOCK = 8
SHORTEST = 2 * BLOCK - 1
"""Every occurrence of so many bytes holds a whole block, wherever it begins."""
_PIECE = 4 * 1024 * 1024
_FEWEST_BYTES = 16
_FEWEST_VALUES = 8
"""What decodes to fewer bytes, or to hardly any different ones, like a key of zeros, is taken for text and no more."""


def spellings(secret: str) -> dict[str, bytes]:
    """Return every spelling of ``secret`` to look for, by name: the text itself, and the bytes that it stands for."""
    found: dict[str, bytes] = {}
    for kind, raw in (("text", secret.encode()), *((f"bytes {n}", each) for n, each in enumerate(_decoded(secret)))):
        for how, spelt in _spelt(raw):
            found[f"{kind} {how}"] = spelt
    return found


def _decoded(secret: str) -> list[bytes]:
    bare = secret.removeprefix("tdt_").rstrip("=")
    padded = bare + "=" * (-len(bare) % 4)
    raws = []
    for alphabet in (b"+/", b"-_"):
        try:
            raws.append(base64.b64decode(padded, altchars=alphabet, validate=True))
        except (binascii.Error, ValueError):
            continue
    return [raw for raw in dict.fromkeys(raws) if len(raw) >= _FEWEST_BYTES and len(set(raw)) >= _FEWEST_VALUES]


def _spelt(raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield "raw", raw
    yield "hex", raw.hex().encode()
    yield "HEX", raw.hex().upper().encode()
    yield "URL-encoded", quote_from_bytes(raw, safe="").encode()
    yield "url-encoded", _lower_percents(quote_from_bytes(raw, safe=""))
    yield "repr", repr(raw)[2:-1].encode()
    # Inside a longer text, as in `Basic` authentication, its base64 depends on what stands before it.
    for before, skipped in ((0, 0), (1, 2), (2, 3)):
        whole = (before + len(raw)) // 3 * 3 - before
        inner = base64.b64encode(bytes(before) + raw[:whole])[skipped:]
        yield f"base64 +{before}", inner
        yield f"base64url +{before}", inner.translate(bytes.maketrans(b"+/", b"-_"))


def _lower_percents(text: str) -> bytes:
    first, *rest = text.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)]).encode()


class Needles:
    """What is looked for; a needle has a name, which is all that is told of it."""

    def __init__(self) -> None:
        self._by_block: defaultdict[int, list[bytes]] = defaultdict(list)
        self._short: set[bytes] = set()
        self._names: dict[bytes, str] = {}
        self._longest = 0

    def __len__(self) -> int:
        return len(self._names)

    def add(self, name: str, needle: bytes) -> None:
        if needle in self._names:
            return
        self._names[needle] = name
        self._longest = max(self._longest, len(needle))
        if len(needle) < SHORTEST:
            self._short.add(needle)
            return
        for offset in range(BLOCK):
            self._by_block[int.from_bytes(needle[offset : offset + BLOCK], "little")].append(needle)

    def found_in(self, hay: bytes) -> list[str]:
        """Return the names of the needles that ``hay`` holds."""
        return sorted({self._names[needle] for piece in self._pieces(hay) for needle in self._in_piece(piece)})

    def _pieces(self, hay: bytes) -> Iterator[bytes]:
        # They overlap, so that nothing is cut in two.
        for start in range(0, len(hay), _PIECE):
            yield hay[start : start + _PIECE + self._longest]

    def _in_piece(self, piece: bytes) -> Iterable[bytes]:
        yield from (needle for needle in self._short if needle in piece)
        blocks = set(memoryview(piece)[: len(piece) // BLOCK * BLOCK].cast("Q"))
        for block in blocks & self._by_block.keys():
            yield from (needle for needle in self._by_block[block] if needle in piece)
