"""Known bugs, to be switched on in a service of the harness: each breaks one promise, and the checker must notice.

Owns the patches. A harness that cannot fail proves nothing.
"""

import time
from collections.abc import Callable, Sequence
from random import random
from typing import Any

from msgspec import structs
from sqlalchemy import Connection, select

from tidings.actions.fan_out import fan_out
from tidings.core.delivery import Move
from tidings.core.outcome import Outcome
from tidings.engine.claiming import claim_all
from tidings.sender.request import OutboundRequest
from tidings.sender.sender import Sender
from tidings.store import deliveries, group_commit, tallies
from tidings.store.deliveries import EndedAttempt
from tidings.store.tables import deliveries as table
from tidings.store.transaction import Transaction

_SLOW_COMMIT_S = 0.15
_SLOW_LEASE_S = 0.2
"""So long that some requests get to their receiver meanwhile, on a busy machine too."""
_RESENT = 0.2


def answer_before_commit() -> None:
    """Give the publisher its 202 while the commit is still under way."""
    real = group_commit._run

    def run(transaction: Transaction, group: Sequence[Any]) -> list[Any]:
        results = real(transaction, group)
        _settle_early(group, results, work=fan_out, commit_takes_s=_SLOW_COMMIT_S)
        return results

    group_commit._run = run


def _settle_early(group: Sequence[Any], results: Sequence[Any], *, work: Any, commit_takes_s: float) -> None:
    hasty = [(member, result) for member, result in zip(group, results, strict=True) if member.work is work]
    for member, result in hasty:
        member.future.get_loop().call_soon_threadsafe(group_commit._settle, member, result)
    if hasty:
        time.sleep(commit_takes_s)


def send_before_lease() -> None:
    """Send requests while the commit of their leases is still under way, handed over or claimed."""
    count = tallies.add

    def after_commit(self: Transaction, call: Callable[[], None]) -> None:
        self.loop.call_soon_threadsafe(call)  # type: ignore[attr-defined] # set below

    def run(transaction: Transaction, group: Sequence[Any]) -> list[Any]:
        type(transaction).loop = group[0].future.get_loop()  # type: ignore[attr-defined] # for the patch above
        results = real_run(transaction, group)
        _settle_early(group, results, work=claim_all, commit_takes_s=_SLOW_LEASE_S)
        return results

    def slowly(connection: Connection, moves: Any, *, shard: int) -> None:
        if Move.HANDED_OVER in moves:
            time.sleep(_SLOW_LEASE_S)
        count(connection, moves, shard=shard)

    class Hasty(Transaction):
        pass

    real_run = group_commit._run
    Hasty.after_commit = after_commit  # type: ignore[method-assign] # a bug
    group_commit.Transaction = Hasty  # type: ignore[attr-defined] # a bug
    group_commit._run = run
    tallies.add = slowly


def no_fencing() -> None:
    """Let whoever records a result last have the delivery, whose lease it is notwithstanding."""
    real = deliveries.record

    def record(connection: Connection, move: Move, rows: Sequence[EndedAttempt]) -> int:
        names = [row.id for row in rows]
        asked = select(table.c.id, table.c.lease_token).where(table.c.id.in_(names))
        tokens = {row.id: row.lease_token for row in connection.execute(asked)}
        theirs = [structs.replace(row, lease_token=tokens.get(row.id) or row.lease_token) for row in rows]
        return real(connection, move, theirs)

    deliveries.record = record


def hidden_resend() -> None:
    """Send some requests a second time, as a client that repeats on its own does."""
    real = Sender.post

    async def post(self: Sender, request: OutboundRequest) -> Outcome:
        outcome = await real(self, request)
        return await real(self, request) if random() < _RESENT else outcome

    Sender.post = post  # type: ignore[method-assign] # a bug


BUGS: dict[str, Callable[[], None]] = {
    "answer_before_commit": answer_before_commit,
    "send_before_lease": send_before_lease,
    "no_fencing": no_fencing,
    "hidden_resend": hidden_resend,
}
