"""Pages that look at a bounded number of rows, however few of them a filter lets through.

Owns the one way in which every list of something that grows is paged: newest first, by id, along one index. Conditions
that no index serves are judged row by row inside a window of that index; a page whose window held too few says where
the next one begins, and so may be short, or even empty, without being the last.
"""

from collections.abc import Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import Struct
from sqlalchemy import Column, ColumnElement, Connection, Row, Select, select

WINDOW = 5_000
"""Rows that one page looks at. 20,000 of a million took 285 ms at the 95th percentile, beside others at work."""

Found = TypeVar("Found")
Condition: TypeAlias = ColumnElement[bool]


class Slice(Struct, Generic[Found], frozen=True):
    """A part of a list. ``goes_on`` is the id before which the rest is; None when there is no rest."""

    rows: list[Found]
    goes_on: str | None


class Along(Struct, frozen=True, kw_only=True):
    """The index that a page walks: ``served`` conditions are its own, ``judged`` ones are tried on each row."""

    key: Column[Any]
    served: Sequence[Condition] = ()
    judged: Sequence[Condition] = ()


def page(
    connection: Connection, wanted: Select[Any], along: Along, *, before: str | None, limit: int
) -> Slice[Row[Any]]:
    """Return at most ``limit`` rows, newest first, with ids below ``before``. ``wanted`` selects an ``id``."""
    served = [*along.served, *([] if before is None else [along.key < before])]
    floor = _floor(connection, along.key, served) if along.judged else None
    if floor is not None:
        served.append(along.key >= floor)
    statement = wanted.where(*served, *along.judged).order_by(along.key.desc()).limit(limit + 1)
    found = list(connection.execute(statement))
    # One more than asked tells whether the window has more.
    return Slice(found[:limit], found[limit - 1].id) if len(found) > limit else Slice(found, floor)


def _floor(connection: Connection, key: Column[Any], served: Sequence[Condition]) -> str | None:
    last_and_next = select(key).where(*served).order_by(key.desc()).offset(WINDOW - 1).limit(2)
    found = connection.execute(last_and_next).scalars().all()
    return str(found[0]) if len(found) > 1 else None
