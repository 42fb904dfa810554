"""Leases that ran out: what a process leaves that died, or that was asleep for too long."""

from typing import Any

from sqlalchemy import Connection, update

from support.stepped_clock import START
from tidings.core.delivery import Move
from tidings.core.instants import SECOND
from tidings.core.model import State
from tidings.store import attempts, tallies
from tidings.store.attempts import BegunAttempt
from tidings.store.tables import deliveries


def leave(connection: Connection, name: str, *, lost_before: int = 0, **also: Any) -> None:  # noqa: ANN401 - any column
    """Have a process that is dead hold the lease of a delivery, after so many that it had lost before."""
    held = {
        "state": State.IN_FLIGHT,
        "attempts": 1,
        "lease_token": "dead",
        "lease_until": START - 60 * SECOND,
        "leases_lost": lost_before,
        "first_attempt_at": START,
        "give_up_at": START + 300 * SECOND,
    }
    connection.execute(update(deliveries).where(deliveries.c.id == name).values(held | also))
    attempts.begin(connection, [BegunAttempt(delivery_id=name, number=1, started_at=START)])
    tallies.add(connection, {Move.CLAIMED: 1}, shard=0)


def run_out(connection: Connection, name: str) -> None:
    """Have the lease of a delivery run out under the process that holds it."""
    held = (deliveries.c.id == name) & (deliveries.c.state == State.IN_FLIGHT)
    done = connection.execute(update(deliveries).where(held).values(lease_until=START - 60 * SECOND))
    assert done.rowcount == 1
