"""What actions and the engine hold in their hands: one database with its group commit and its vault."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from tidings.clock import Clock
from tidings.core.instants import MILLISECOND
from tidings.errors import Unavailable
from tidings.store.database import Database
from tidings.store.group_commit import GroupCommit, Work
from tidings.store.outages import Outages
from tidings.store.vault import Vault
from tidings.telemetry.facts import Emit, ReadEnded

Item = TypeVar("Item")
Result = TypeVar("Result")


class Store:
    """Reads see what is committed; every write goes through the group commit."""

    def __init__(self, *, database: Database, commits: GroupCommit, vault: Vault, clock: Clock, emit: Emit) -> None:
        self._database = database
        self._commits = commits
        self._clock = clock
        self._emit = emit
        self._outages = Outages(clock=clock, emit=emit)
        self.vault = vault

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run ``work``, which writes nothing. Raises ``Unavailable`` or what ``work`` raises."""
        began = self._clock.monotonic()
        try:
            found = await self._database.read(work)
        except Unavailable as error:
            self._outages.failed(error)
            raise
        finally:
            self._emit(ReadEnded((self._clock.monotonic() - began) / MILLISECOND))
        self._outages.answered()
        return found

    async def write(self, work: Work[Item, Result], item: Item) -> Result:
        """Run ``work`` for ``item`` in a transaction shared with others, flushed when this returns.

        Raises the item's own error, or ``Unavailable``: then nobody knows whether it was written.
        """
        try:
            result = await self._commits.run(work, item)
        except Unavailable as error:
            self._outages.failed(error)
            raise
        self._outages.answered()
        return result

    async def write_alone(self, work: Callable[[Connection], Result]) -> Result:
        """Run ``work`` in a transaction of its own, for what must not hold up the writes of others.

        Raises ``Unavailable`` or what ``work`` raises.
        """
        return await self._database.write(work)

    async def close(self) -> None:
        await self._commits.close()
        await self._database.close()
