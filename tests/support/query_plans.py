"""How a database would run what a piece of work asks of it, in the same words for both databases.

Owns the reading of plans. Indexes are named as the schema names them: SQLite has names of its own for keys, and
PostgreSQL for the indexes of each partition.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, event, text

from tidings.store.database import Database

_PARTS = text(
    "SELECT part.relname AS part, whole.relname AS whole FROM pg_inherits"
    " JOIN pg_class part ON part.oid = inhrelid JOIN pg_class whole ON whole.oid = inhparent"
)
_SQLITE_KEY = re.compile(r"(?P<verb>\w+) (?P<table>\w+) USING PRIMARY KEY")


class _Asked(Exception):
    """Ends the transaction: what was only looked at is not to be done."""

    def __init__(self, steps: list[str]) -> None:
        self.steps = steps


async def plan_of(database: Database, work: Callable[[Connection], object]) -> list[str]:
    """Run ``work``, undo it, and return the steps of the plans of all its statements.

    A step reads ``SCAN table``, ``SEARCH table USING INDEX name``, or names what else is done.
    """

    def ask(connection: Connection) -> None:
        raise _Asked([step for asked in _asked(connection, work) for step in _steps(connection, *asked)])

    try:
        await database.write(ask)
    except _Asked as asked:
        return asked.steps
    raise AssertionError("nothing was asked")


def _asked(connection: Connection, work: Callable[[Connection], object]) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []

    def listen(*call: object) -> None:
        _connection, _cursor, statement, parameters, *_rest = call
        found.append((str(statement), parameters))

    event.listen(connection, "before_cursor_execute", listen)
    try:
        work(connection)
    finally:
        event.remove(connection, "before_cursor_execute", listen)
    return found


def _steps(connection: Connection, statement: str, parameters: object) -> Iterator[str]:
    if connection.dialect.name == "sqlite":
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):  # type: ignore[arg-type]
            yield _in_our_words(str(row[3]))
    else:
        # What is small is read whole because that is cheap; asked for is what happens when it has grown.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        told = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()  # type: ignore[arg-type]
        (plan,) = json.loads(told) if isinstance(told, str) else told
        yield from _nodes(plan["Plan"], "", _wholes(connection))


def _wholes(connection: Connection) -> dict[str, str]:
    """Return the table or index that each partition and each index of a partition is a part of."""
    return {row.part: row.whole for row in connection.execute(_PARTS)}


def _in_our_words(step: str) -> str:
    named = re.sub(r"sqlite_autoindex_platform_tokens_2", "uq_platform_tokens_digest", step)
    named = re.sub(r"sqlite_autoindex_(\w+)_1", r"pk_\1", named).replace("COVERING INDEX", "INDEX")
    return _SQLITE_KEY.sub(r"\g<verb> \g<table> USING INDEX pk_\g<table>", named)


def _nodes(node: Mapping[str, Any], table: str, wholes: Mapping[str, str]) -> Iterator[str]:
    kind, table = str(node["Node Type"]), str(node.get("Relation Name", table))
    table, index = wholes.get(table, table), str(node.get("Index Name", ""))
    if kind == "Seq Scan":
        yield f"SCAN {table}"
    elif index:
        yield f"SEARCH {table} USING INDEX {wholes.get(index, index)}"
    else:
        yield kind.upper()
    for inner in node.get("Plans", ()):
        yield from _nodes(inner, table, wholes)
