"""A secret that cannot be printed by accident."""

from typing import final


@final
class Secret:
    """Bytes that mask themselves in ``repr`` and ``str``, and compare by content; ``reveal()`` is the one way out."""

    __slots__ = ("_raw",)

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def reveal(self) -> bytes:
        return self._raw

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._raw == self._raw

    def __hash__(self) -> int:
        return hash(self._raw)

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__
