"""Many rows in one statement: sets travel as one JSON parameter, and come back as one JSON value.

Owns how rows become JSON and JSON becomes rows. Why not ``executemany`` and ``fetchall``: the
SQLite module gives the interpreter's lock away at each row and must win it back, which under load costs up to a
switch interval each time (docs/decisions/0002).
"""

from collections.abc import Sequence
from types import GenericAlias
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    String,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.sql.dml import Insert

from tidings.store.dialects import AllRows, Elements

Row = TypeVar("Row")
_encode = msgspec.json.Encoder().encode


class Given:
    """A set of rows handed to a statement: ``given.source`` to select from, ``given["name"]`` for a column of it."""

    def __init__(self, name: str, columns: Sequence[tuple[str, type[String | BigInteger]]]) -> None:
        self._parameter = name
        elements = Elements(bindparam(name, type_=Text()))
        self.source: FromClause = elements.table_valued("value", name=name, joins_implicitly=True)
        value: ColumnElement[Any] = column("value", _selectable=self.source)
        self._columns: dict[str, ColumnElement[Any]] = {
            title: cast(value.op("->>")(literal_column(str(position))), kind)
            for position, (title, kind) in enumerate(columns)
        }

    def __getitem__(self, title: str) -> ColumnElement[Any]:
        return self._columns[title]

    def columns(self) -> list[ColumnElement[Any]]:
        return list(self._columns.values())

    def bind(self, rows: Sequence[Sequence[object] | Struct]) -> dict[str, str]:
        """Return the parameter that carries ``rows``, each in the order of the columns."""
        return {self._parameter: _encode(rows).decode()}


def insert_given(table: Table, given: Given, titles: Sequence[str]) -> Insert:
    """Return the statement that inserts all given rows into ``table``."""
    return insert(table).from_select(list(titles), select(*given.columns()).select_from(given.source))


def given_for(table: Table, titles: Sequence[str], *, name: str = "given") -> Given:
    """Return a set of rows with the columns ``titles`` of ``table``."""
    return Given(name, [(title, _kind(table.c[title])) for title in titles])


def in_one_value(statement: Select[Any]) -> Select[str]:
    """Return a statement whose single value holds all rows of ``statement`` as JSON."""
    inner = statement.subquery()
    return select(AllRows(*inner.c))


def fetch_all(connection: Connection, statement: Select[str], kind: type[Row], **parameters: object) -> list[Row]:
    """Run a statement made by ``in_one_value`` and return its rows as ``kind``, an array-like Struct."""
    value = connection.execute(statement, parameters).scalar_one()
    rows: list[Row] = msgspec.json.decode(value, type=GenericAlias(list, (kind,)))
    return rows


def _kind(of: ColumnElement[Any]) -> type[String | BigInteger]:
    return Text if isinstance(of.type, String) else BigInteger


__all__ = ["Given", "fetch_all", "func", "given_for", "in_one_value", "insert_given"]
