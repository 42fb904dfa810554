"""How a database would run what a piece of work asks of it, in the same words for both databases.

Owns the reading of plans. Indexes are named as the schema names them: SQLite has names of its own for keys, and
PostgreSQL for the indexes of each partition.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, event, text

from tidings.store.database import Database

Result = TypeVar("Result")

LARGE = {
    "deliveries",
    "waiting",
    "events",
    "attempts",
    "idempotency_keys",
    "webhooks",
    "partners",
    "allowed_hosts",
    "failing_webhooks",
    "api_keys",
    "used_nonces",
    "audit_entries",
    "newer",
    "redeliveries",
    "statistics",
    "backlog",
}
"""Tables, and names that statements give them, that grow with use."""

# These hold only what is open, and whoever reads them from one end stops after a window.
_SCAN = re.compile(r"SCAN (?P<table>\w+)(?! USING INDEX (?:ix_deliveries_(?:due|leased)|ix_webhooks_withdrawing))\b")
_INDEX = re.compile(r"USING INDEX (?P<name>\w+)")

_PARTS = text(
    "SELECT part.relname AS part, whole.relname AS whole FROM pg_inherits"
    " JOIN pg_class part ON part.oid = inhrelid JOIN pg_class whole ON whole.oid = inhparent"
    " WHERE pg_relation_size(part.oid) > 0"
)
_CHEAP_WHILE_SMALL = ("seqscan", "hashjoin", "mergejoin")
_PLANNABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
_SQLITE_KEY = re.compile(r"(?P<verb>\w+) (?P<table>\w+) USING PRIMARY KEY")


class Asked(NamedTuple):
    """A statement, what it was given, and the steps of its plan."""

    statement: str
    parameters: object
    steps: list[str]


class _Asked(Exception):
    """Ends the transaction: what was only looked at is not to be done."""

    def __init__(self, steps: list[str]) -> None:
        self.steps = steps


async def plan_of(database: Database, work: Callable[[Connection], object]) -> list[str]:
    """Run ``work``, undo it, and return the steps of the plans of all its statements.

    A step reads ``SCAN table``, ``SEARCH table USING INDEX name``, or names what else is done.
    """

    def ask(connection: Connection) -> None:
        _result, asked = explained(connection, work)
        raise _Asked([step for each in asked for step in each.steps])

    try:
        await database.write(ask)
    except _Asked as asked:
        return asked.steps
    raise AssertionError("nothing was asked")


def explained(connection: Connection, work: Callable[[Connection], Result]) -> tuple[Result, list[Asked]]:
    """Run ``work``; return what it returned, and all that it asked."""
    found: list[tuple[str, object]] = []

    def listen(*call: object) -> None:
        _connection, _cursor, statement, parameters, *_rest = call
        found.append((str(statement), parameters))

    event.listen(connection, "before_cursor_execute", listen)
    try:
        result = work(connection)
    finally:
        event.remove(connection, "before_cursor_execute", listen)
    plannable = [asked for asked in found if asked[0].lstrip().startswith(_PLANNABLE)]
    return result, [Asked(*asked, steps=list(_steps(connection, *asked))) for asked in plannable]


def _steps(connection: Connection, statement: str, parameters: object) -> Iterator[str]:
    if connection.dialect.name == "sqlite":
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):  # type: ignore[arg-type]
            yield _in_our_words(str(row[3]))
    else:
        # What is small is read and joined whole because that is cheap; asked for is what happens when it has grown.
        # Not SET LOCAL: who only looks has no transaction.
        for cheap in _CHEAP_WHILE_SMALL:
            connection.exec_driver_sql(f"SET enable_{cheap} = off")
        told = _plan_made_once(connection, statement, parameters)
        for cheap in _CHEAP_WHILE_SMALL:
            connection.exec_driver_sql(f"RESET enable_{cheap}")
        (plan,) = json.loads(told) if isinstance(told, str) else told
        yield from _nodes(plan["Plan"], "", _wholes(connection))


def _plan_made_once(connection: Connection, statement: str, parameters: Any) -> Any:  # noqa: ANN401 - the driver's
    """Return the plan for whatever values, which is the one that runs (``store.postgresql``).

    Plain EXPLAIN tells the plan for the values that it is given.
    """
    given = ", ".join(_literal(value) for value in parameters or ())
    connection.exec_driver_sql(f"PREPARE asked AS {statement}")
    told = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) EXECUTE asked{given and f'({given})'}").scalar_one()
    connection.exec_driver_sql("DEALLOCATE asked")
    return told


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return "'" + str(value).replace("'", "''") + "'"


def _wholes(connection: Connection) -> dict[str, str]:
    """Return the table or index that each partition and each index of a partition is a part of.

    Partitions that are empty are left out: whichever way those are read, it is for nothing.
    """
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
        # Without a condition it is read from one end, as far as is asked for.
        verb = "SEARCH" if "Index Cond" in node else "SCAN"
        yield f"{verb} {table} USING INDEX {wholes.get(index, index)}"
    else:
        yield kind.upper()
    for inner in node.get("Plans", ()):
        yield from _nodes(inner, table, wholes)


def scanned(plan: list[str]) -> set[str]:
    """Return the tables that a plan reads from one end to the other."""
    found = (_SCAN.match(step) for step in plan)
    return {match["table"] for match in found if match} & LARGE


def used(plan: list[str]) -> set[str]:
    return {match["name"] for step in plan for match in _INDEX.finditer(step)}
