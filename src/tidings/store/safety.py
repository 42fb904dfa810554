"""Whether a database keeps what it says it keeps.

Owns the conditions under which a 202 may be given (guarantee G1). Refuses to start on anything less.
"""

from sqlalchemy import Connection, text

from tidings.clock import Clock
from tidings.core.instants import SECOND
from tidings.errors import Misconfigured
from tidings.store.dialects import is_shared, shared_now

CLOCK_TOLERANCE_S = 5
_FULL = 2


def refuse_unsafe(connection: Connection, *, clock: Clock) -> None:
    """Raise ``Misconfigured`` naming the first thing that would lose what was acknowledged."""
    if is_shared(connection):
        _refuse_replica(connection)
        _refuse_lazy_flush(connection)
        _refuse_other_time(connection, clock)
    else:
        _refuse_lazy_file(connection)


def _refuse_replica(connection: Connection) -> None:
    if connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one():
        raise Misconfigured(
            "TIDINGS_DATABASE_URL: this server is a replica and takes no writes; name the primary, or several hosts "
            "with target_session_attrs=read-write"
        )
    if connection.execute(text("SHOW default_transaction_read_only")).scalar_one() == "on":
        raise Misconfigured(
            "TIDINGS_DATABASE_URL: this user's transactions are read-only (default_transaction_read_only=on); undo that"
        )


def _refuse_lazy_flush(connection: Connection) -> None:
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        if connection.execute(text(f"SHOW {setting}")).scalar_one() == "off":
            raise Misconfigured(
                f"TIDINGS_DATABASE_URL: the server runs with {setting}=off and may lose what it committed; set it to on"
            )


def _refuse_other_time(connection: Connection, clock: Clock) -> None:
    apart = abs(shared_now(connection, clock) - clock.now()) / SECOND
    if apart > CLOCK_TOLERANCE_S:
        raise Misconfigured(
            f"the clocks of this machine and of the database are {apart:.0f} s apart; "
            f"at most {CLOCK_TOLERANCE_S} s are safe, so synchronise them"
        )


def _refuse_lazy_file(connection: Connection) -> None:
    mode = connection.execute(text("PRAGMA journal_mode")).scalar_one()
    flush = connection.execute(text("PRAGMA synchronous")).scalar_one()
    if mode != "wal" or flush < _FULL:
        raise Misconfigured(
            "TIDINGS_DATABASE_URL: this file system does not let SQLite keep a write-ahead log with full flush; "
            "use a local disk"
        )
