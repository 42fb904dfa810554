"""Results that are recorded together: of each it is known whether its worker still held the lease."""

from sqlalchemy import Connection, select

from support.ended_attempts import ended_attempt
from support.moves import TOKEN, ended
from support.stepped_clock import START
from support.stored import WINDOW, add_leased_delivery, add_partner, add_webhook
from tidings.core.delivery import Move
from tidings.core.outcome import Code
from tidings.core.verdict import RetryAt
from tidings.engine.recording import Ended, record_all
from tidings.store import deliveries
from tidings.store.database import Database
from tidings.store.tables import attempts
from tidings.store.transaction import Transaction


def too_late_to_start(name: str) -> Ended:
    """Return what a worker records that came to its lease when too little of it was left to begin."""
    return ended_attempt(name, RetryAt(START + WINDOW), outcome=Code.LEASE_LOST)


async def test_a_late_result_does_not_spoil_the_one_beside_it(database: Database) -> None:
    def prepare(connection: Connection) -> tuple[str, str]:
        add_partner(connection)
        add_webhook(connection)
        taken, kept = (add_leased_delivery(connection, TOKEN) for _ in range(2))
        deliveries.rescue(connection, Move.LEASE_LOST, [ended(taken, Move.LEASE_LOST)])
        return taken, kept

    taken, kept = await database.write(prepare)
    recorded = await database.write(
        lambda connection: record_all(Transaction(connection), [too_late_to_start(name) for name in (taken, kept)])
    )
    asked = select(attempts.c.delivery_id, attempts.c.outcome)
    outcomes = await database.read(
        lambda connection: {row.delivery_id: row.outcome for row in connection.execute(asked)}
    )

    assert [one.kept for one in recorded] == [False, True]
    assert outcomes == {taken: None, kept: Code.LEASE_LOST}
