"""Faults of the machine under one process: its clock is moved, its database file takes no writes.

Owns the patches. Each returns the switch that turns the fault on and off.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine

from tidings.clock import Clock
from tidings.core.instants import SECOND, Instant
from tidings.store import sqlite

Switch: TypeAlias = Callable[[], None]


class _State:
    def __init__(self) -> None:
        self.on = False

    def switch(self) -> None:
        self.on = not self.on


def movable_clock(seconds: int) -> Switch:
    """Let the wall clock be moved by ``seconds``. The monotonic one goes on, as it does when a clock is set."""
    state, real = _State(), Clock.now

    def now(clock: Clock) -> Instant:
        return real(clock) + (seconds * SECOND if state.on else 0)

    Clock.now = now  # type: ignore[method-assign, assignment] # a fault
    return state.switch


def read_only_sqlite() -> Switch:
    """Let SQLite refuse every write, as for a file that has become read-only."""
    state, real = _State(), sqlite._transaction

    def transaction(engine: Engine, begin: str, work: Callable[[Connection], Any]) -> Any:
        def behind_glass(connection: Connection) -> Any:
            connection.exec_driver_sql(f"PRAGMA query_only = {int(state.on)}")
            return work(connection)

        return real(engine, begin, behind_glass)

    sqlite._transaction = transaction
    return state.switch
