"""One transaction that several callers share, and what each of them wants to happen after it.

Owns the moment after: nothing outside the database may change before the commit is flushed.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from tidings.core.audit import Entry
from tidings.core.delivery import Move
from tidings.store.journal import Draft, Kind, Owner


class Transaction:
    """A ``Connection`` inside a transaction, with callbacks for its end. They run on the event loop's thread."""

    __slots__ = ("_after_commit", "_after_rollback", "connection", "draft", "entries", "leased", "moves")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.moves: dict[Move, int] = {}
        self.entries: list[Entry] = []
        self.draft = Draft()
        self.leased: set[str] = set()
        """Tokens of the leases taken in this transaction: whoever shares it must not take them for lost."""
        self._after_commit: list[Callable[[], None]] = []
        self._after_rollback: list[Callable[[], None]] = []

    def moved(self, move: Move, count: int = 1) -> None:
        """Say that deliveries moved: they are counted when the transaction ends."""
        if count:
            self.moves[move] = self.moves.get(move, 0) + count

    def audited(self, entry: Entry) -> None:
        """Say what was done and by whom: it is written when the transaction ends, or not at all."""
        self.entries.append(entry)

    def ended(self, move: Move, kind: Kind, owners: Mapping[Owner, int]) -> None:
        """Say that deliveries moved to their end without a last attempt."""
        self.moved(move, sum(owners.values()))
        for owner, count in owners.items():
            self.draft.count(kind, owner, count)

    def after_commit(self, call: Callable[[], None]) -> None:
        self._after_commit.append(call)

    def after_rollback(self, call: Callable[[], None]) -> None:
        """Have ``call`` run when the transaction did not commit, or when nobody knows whether it did."""
        self._after_rollback.append(call)

    def committed(self) -> None:
        for call in self._after_commit:
            call()

    def rolled_back(self) -> None:
        for call in self._after_rollback:
            call()
