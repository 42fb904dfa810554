"""Where SQLite and PostgreSQL differ.

Owns every construct that the two spell, lock or plan differently. All other statements are the same for both.
"""

from sqlalchemy import Connection, Select, Text, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from tidings.clock import Clock
from tidings.core.instants import Instant

WAKE_CHANNEL = "tidings_due"


class Elements(FunctionElement[str]):
    """The elements of a JSON array given as one text parameter."""

    inherit_cache = True
    name = "elements"


class AllRows(FunctionElement[str]):
    """All rows of a query as one JSON array of arrays."""

    inherit_cache = True
    name = "all_rows"
    type = Text()


@compiles(Elements, "sqlite")
def _elements_sqlite(element: Elements, compiler: SQLCompiler, **kw: object) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@compiles(Elements, "postgresql")
def _elements_postgresql(element: Elements, compiler: SQLCompiler, **kw: object) -> str:
    # Not json: that stays text, and is read again from its beginning for each column of each row.
    return f"jsonb_array_elements(CAST({compiler.process(element.clauses, **kw)} AS jsonb))"


@compiles(AllRows, "sqlite")
def _all_rows_sqlite(element: AllRows, compiler: SQLCompiler, **kw: object) -> str:
    return f"json_group_array(json_array({compiler.process(element.clauses, **kw)}))"


@compiles(AllRows, "postgresql")
def _all_rows_postgresql(element: AllRows, compiler: SQLCompiler, **kw: object) -> str:
    return f"CAST(coalesce(json_agg(json_build_array({compiler.process(element.clauses, **kw)})), '[]') AS text)"


def is_shared(connection: Connection) -> bool:
    """Tell whether other processes may write at the same moment: then rows must be locked before they are judged."""
    return connection.dialect.name == "postgresql"


def try_to_be_the_one(connection: Connection, lock: int) -> bool:
    """Tell whether no other transaction holds ``lock``, and hold it until this one ends. SQLite has one writer."""
    return not is_shared(connection) or bool(connection.execute(select(func.pg_try_advisory_xact_lock(lock))).scalar())


def shared_now(connection: Connection, clock: Clock) -> Instant:
    """Return the time by the one clock that all who share the database can look at."""
    if not is_shared(connection):
        return clock.now()
    moment: Instant = connection.execute(_SERVER_TIME).scalar_one()
    return moment


def give_up_on_tables_after(connection: Connection, milliseconds: int) -> None:
    """Wait no longer for a table that others use: everybody behind who waits has to wait as well."""
    if is_shared(connection):
        connection.execute(text(f"SET LOCAL lock_timeout = {milliseconds}"))


def waited_for_a_table(error: DBAPIError) -> bool:
    """Tell whether that is what ``give_up_on_tables_after`` makes of a table that others hold. SQLite never says so."""
    return getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def wake_others(connection: Connection) -> None:
    """Tell the other processes, when this commits, that something is due. SQLite serves one process: nobody to tell."""
    if is_shared(connection):
        connection.execute(_NOTIFY)


_LOCK_NOT_AVAILABLE = "55P03"
_SERVER_TIME = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)")
_NOTIFY: Select[str] = select(func.pg_notify(WAKE_CHANNEL, ""))
