"""Names of things: sortable by time where a look-up should touch one partition, unguessable where a stranger may try.

Owns the spelling of every id. Chance and time are arguments.
"""

import base64
from collections.abc import Callable
from functools import lru_cache

from tidings.core.instants import MILLISECOND, SECOND, Instant

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_PREFIX_LENGTH = 4
_MOMENT_LENGTH = 10
_MOUTHFUL = 32
_LARGEST_STEP = 86_400 * SECOND
_EVERY_DELIVERY = ("dlv_", "dlv`")

ID_ENTROPY = 8
"""Random bytes that a time-ordered id takes."""
WEBHOOK_ENTROPY = 11
"""Random bytes that a webhook id takes: 85 of the 88 bits are used (contract.md section 1 asks for 64)."""


def event_id(now: Instant, entropy: bytes) -> str:
    """``evt_`` and 26 characters that sort by time."""
    return "evt_" + _timed(now, entropy)


def delivery_id(now: Instant, entropy: bytes) -> str:
    """``dlv_`` and 26 characters that sort by time."""
    return "dlv_" + _timed(now, entropy)


def audit_id(now: Instant, entropy: bytes) -> str:
    """``aud_`` and 26 characters that sort by time."""
    return "aud_" + _timed(now, entropy)


def redelivery_id(now: Instant, entropy: bytes) -> str:
    """``rdl_`` and 26 characters that sort by time."""
    return "rdl_" + _timed(now, entropy)


def webhook_id(entropy: bytes) -> str:
    """``WH`` and base32 in dash groups 6-5-6: ``WHAEGXGV-JZ4I2-6QXEJS`` (contract.md section 1)."""
    letters = base64.b32encode(entropy[:WEBHOOK_ENTROPY]).decode("ascii")
    return f"WH{letters[:6]}-{letters[6:11]}-{letters[11:17]}"


def object_id(entropy: bytes) -> str:
    """Return an object's id as in the vendor's examples, base32 in groups 6-5-6 (contract.md section 6)."""
    return webhook_id(entropy)[2:]


def id_floor(prefix: str, moment: Instant) -> str:
    """Return the smallest id with that prefix made at ``moment`` or later: bounds a look-up by time."""
    return prefix + _timed(moment, bytes(ID_ENTROPY))


def moment_of(name: str) -> Instant | None:
    """Return the millisecond at which a time-ordered id was made, or None for a text that cannot be one."""
    letters = name[_PREFIX_LENGTH : _PREFIX_LENGTH + _MOMENT_LENGTH]
    if len(letters) < _MOMENT_LENGTH or not _VALUES.keys() >= set(letters):
        return None
    millis = 0
    for letter in letters:
        millis = millis * len(_ALPHABET) + _VALUES[letter]
    return millis * MILLISECOND


def deliveries_of(event: str) -> tuple[str, str]:
    """Return between which ids an event's own deliveries lie; redeliveries may lie behind. Bounds a look-up by time.

    Both are made in one go, and a clock may be set meanwhile: hence a day before and a day after. Of a text that is
    no id of an event nothing is known: then the bounds hold every id.
    """
    made_at = moment_of(event)
    if made_at is None:
        return _EVERY_DELIVERY
    return id_floor("dlv_", made_at - _LARGEST_STEP), id_floor("dlv_", made_at + _LARGEST_STEP)


class Draughts:
    """Chance by the mouthful: asks ``source`` once for many ids, since each question is a system call."""

    __slots__ = ("_at", "_held", "_source")

    def __init__(self, source: Callable[[int], bytes]) -> None:
        self._source = source
        self._held = b""
        self._at = 0

    def __call__(self) -> bytes:
        """Return the random bytes for one time-ordered id."""
        if self._at == len(self._held):
            self._held = self._source(ID_ENTROPY * _MOUTHFUL)
            self._at = 0
        self._at += ID_ENTROPY
        return self._held[self._at - ID_ENTROPY : self._at]


def _timed(now: Instant, entropy: bytes) -> str:
    return _moment(max(0, now) // MILLISECOND) + entropy[:ID_ENTROPY].hex()


@lru_cache(maxsize=16)
def _moment(millis: int) -> str:
    # Ten characters of Crockford's base32, as a ULID begins, in lower case. Many ids are made in one millisecond.
    return "".join([_PAIRS[(millis >> shift) & 1023] for shift in range(40, -1, -10)])
