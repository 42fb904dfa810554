"""Partitions by time, on PostgreSQL: made ahead of what will be written, dropped once nobody needs what is in them.

Owns their names and bounds. A partition is named after its upper bound, and begins where the one before it ends. What
no partition is there for falls into the table's default one, so that an insert never fails; it moves when its
partition is made. See docs/decisions/0008.
"""

from collections.abc import Callable
from itertools import pairwise

from msgspec import Struct
from sqlalchemy import Connection, text

from tidings.checkpoints import Checkpoint, passing
from tidings.core.ids import id_floor, moment_of
from tidings.core.instants import MILLISECOND, SECOND, Instant, Span
from tidings.core.retention import Retention
from tidings.store.dialects import give_up_on_tables_after, try_to_be_the_one

_PARTS = 6
_SHORTEST: Span = 3600 * SECOND
_LOCK = 0x7469_6470_6172
"""The advisory lock of whoever makes or drops partitions."""
_MOMENT = slice(-10, None)
_PATIENCE_MS = 500
_WORTH_COUNTING = 128 * 1024


class Partition(Struct, frozen=True):
    """Rows with ids from ``lower`` on and below ``upper``."""

    name: str
    lower: str
    upper: str

    @property
    def end(self) -> Instant:
        """The moment before which everything in it was made."""
        return moment_of(self.upper) or 0


class Partitioned(Struct, frozen=True, kw_only=True):
    """A table and what its partitions are made of. ``held`` is the question whether one of them is still needed."""

    table: str
    key: str
    prefix: str
    kept: Callable[[Retention], Span]
    held: str


_ALIVE = "SELECT 1 FROM deliveries WHERE state = {state} AND id >= :lower AND id < :upper"
_SOMETHING_ALIVE = " UNION ALL ".join(_ALIVE.format(state=state) for state in ("'pending'", "'in_flight'"))

PARTITIONED = (
    Partitioned(
        table="attempts",
        key="delivery_id",
        prefix="dlv_",
        kept=lambda retention: retention.attempts,
        held=_SOMETHING_ALIVE,
    ),
    Partitioned(
        table="deliveries",
        key="id",
        prefix="dlv_",
        kept=lambda retention: retention.deliveries,
        held=_SOMETHING_ALIVE,
    ),
    Partitioned(
        table="events",
        key="id",
        prefix="evt_",
        kept=lambda retention: retention.events,
        # An event that was delivered again lately goes with its last delivery.
        held="SELECT 1 FROM deliveries WHERE event_id >= :lower AND event_id < :upper",
    ),
)
"""In the order in which they are dropped: who refers to another goes first."""


def partitions_of(connection: Connection, of: Partitioned) -> list[Partition]:
    """Return the partitions of a table, oldest first, without the default one."""
    names = connection.execute(_NAMES, {"table": of.table, "like": f"{of.table}\\_to\\_%"}).scalars().all()
    uppers = ["", *(f"{of.prefix}{name[_MOMENT]}{'0' * 16}" for name in names)]
    return [Partition(name, *bounds) for name, bounds in zip(names, pairwise(uppers), strict=True)]


def make_ahead(connection: Connection, of: Partitioned, *, retention: Retention, now: Instant) -> list[str]:
    """Make the partitions for what will be written from now on; return their names.

    Does nothing while another process is at it. Raises ``Unavailable`` when the table is in use for too long.
    """
    made: list[str] = []
    if not try_to_be_the_one(connection, _LOCK):
        return made
    give_up_on_tables_after(connection, _PATIENCE_MS)
    length = max(of.kept(retention) // _PARTS, _SHORTEST)
    found = partitions_of(connection, of)
    lower = found[-1].upper if found else ""
    while (end := moment_of(lower) or 0) < now + length // 2:
        upper = id_floor(of.prefix, max(end, now) + length + MILLISECOND)
        made.append(_make(connection, of, lower, upper))
        lower = upper
    return made


def outlived(connection: Connection, of: Partitioned, *, retention: Retention, now: Instant) -> list[Partition]:
    """Return the partitions that are older than is kept and in which nothing is needed any more."""
    kept_from = now - of.kept(retention)
    return [one for one in partitions_of(connection, of) if one.end <= kept_from and not _is_held(connection, of, one)]


def drop(connection: Connection, of: Partitioned, partition: Partition) -> bool:
    """Drop a partition unless something in it is needed after all, or another process is at it.

    Raises ``Unavailable`` when the table is in use for too long.
    """
    if not try_to_be_the_one(connection, _LOCK):
        return False
    give_up_on_tables_after(connection, _PATIENCE_MS)
    # Whoever has read what is in there may be about to refer to it. Nobody can, once this lock is ours.
    connection.execute(text(f"LOCK TABLE ONLY {of.table} IN ACCESS EXCLUSIVE MODE"))
    if _is_held(connection, of, partition):
        return False
    connection.execute(text(f"DROP TABLE IF EXISTS {partition.name}"))
    passing(Checkpoint.BEFORE_PRUNE_COMMIT)
    return True


def look_at_new_ones(connection: Connection) -> int:
    """Have the planner count the rows of partitions that nobody has counted, once it pays; return how many it were.

    Plans are kept until somebody counts: what was planned for an empty table would read all of it when it has grown.
    """
    if not try_to_be_the_one(connection, _LOCK):
        return 0
    names = connection.execute(_UNCOUNTED, {"bytes": _WORTH_COUNTING}).scalars().all()
    for name in names:
        connection.execute(text(f"ANALYZE {name}"))
    return len(names)


def _make(connection: Connection, of: Partitioned, lower: str, upper: str) -> str:
    name, default = f"{of.table}_to_{upper[4:14]}", f"{of.table}_default"
    connection.execute(text(f"CREATE TABLE {name} (LIKE {of.table} INCLUDING DEFAULTS)"))
    # Nothing may fall into the default partition between the look and the new partition; and whoever looks for a row
    # that moves must wait before it chooses partitions, not after, or it would look where the row was.
    connection.execute(text(f"LOCK TABLE ONLY {of.table} IN ACCESS EXCLUSIVE MODE"))
    connection.execute(text(f"LOCK TABLE {default} IN ACCESS EXCLUSIVE MODE"))
    of_this_time = f"DELETE FROM {default} WHERE {of.key} >= :lower AND {of.key} < :upper RETURNING *"  # noqa: S608 - our names
    move = text(f"WITH moved AS ({of_this_time}) INSERT INTO {name} SELECT * FROM moved")  # noqa: S608 - as above
    connection.execute(move, {"lower": lower, "upper": upper})
    begin = f"'{lower}'" if lower else "MINVALUE"
    connection.execute(text(f"ALTER TABLE {of.table} ATTACH PARTITION {name} FOR VALUES FROM ({begin}) TO ('{upper}')"))
    return name


def _is_held(connection: Connection, of: Partitioned, partition: Partition) -> bool:
    bounds = {"lower": partition.lower, "upper": partition.upper}
    return bool(connection.execute(text(f"SELECT EXISTS ({of.held})"), bounds).scalar_one())


_NAMES = text(
    "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
    ' WHERE inhparent = CAST(:table AS regclass) AND child.relname LIKE :like ORDER BY child.relname COLLATE "C"'
)
_UNCOUNTED = text(
    "SELECT CAST(CAST(inhrelid AS regclass) AS text) FROM pg_inherits"
    " WHERE inhparent IN (CAST('events' AS regclass), CAST('deliveries' AS regclass), CAST('attempts' AS regclass))"
    " AND pg_relation_size(inhrelid) > :bytes"
    " AND pg_stat_get_last_analyze_time(inhrelid) IS NULL AND pg_stat_get_last_autoanalyze_time(inhrelid) IS NULL"
)
