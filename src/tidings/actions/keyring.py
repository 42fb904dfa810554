"""The master keys: what is sealed under which, and everything sealed anew under the newest.

Owns the walk through all sealed secrets, in small batches of the group commit. It can be cut off at any moment and run
again: what is done is done, and what somebody else changes meanwhile is left to be looked at once more.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import TypeAlias

from msgspec import Struct, field

from tidings.actions.auditing import note
from tidings.actions.context import Context
from tidings.checkpoints import Checkpoint, passing
from tidings.core.audit import AuditAction
from tidings.core.secret import Secret
from tidings.errors import Misconfigured
from tidings.store import sealed
from tidings.store.sealed import PLACES, Place, Sealed
from tidings.store.transaction import Transaction
from tidings.store.vault import key_id_of

_BATCH = 100
_ROUNDS = 5
_MOST_TOLD = 100

Tell: TypeAlias = Callable[[int], None]
"""Hears how many more secrets were looked at."""


class KeyStanding(Struct, frozen=True, kw_only=True):
    """How many secrets are sealed under a key, and how many of them open. ``id`` is None where no key is named."""

    id: str | None
    given: bool
    newest: bool
    secrets: int
    opened: int


class Shut(Struct, frozen=True, kw_only=True):
    """A secret that no master key at hand opens where it is."""

    table: str
    row: str
    purpose: str
    key_id: str | None


class Unopened(Struct):
    """The secrets that do not open: all are counted, the first of them named."""

    count: int = 0
    first: list[Shut] = field(default_factory=list)

    def add(self, place: Place, one: Sealed) -> None:
        self.count += 1
        if len(self.first) < _MOST_TOLD:
            shut = Shut(table=place.table, row=one.row, purpose=place.purpose, key_id=key_id_of(one.text))
            self.first.append(shut)


class Standing(Struct, frozen=True):
    """All keys, those that were given first, and the secrets that do not open."""

    keys: list[KeyStanding]
    unopened: Unopened


class Resealed(Struct, frozen=True, kw_only=True):
    """``sealed`` were sealed anew. Not ``settled``: somebody goes on sealing under an older key."""

    sealed: int
    settled: bool
    unopened: Unopened


async def count(ctx: Context) -> int:
    """Return how many secrets there are."""
    return await ctx.store.read(sealed.count)


async def look(ctx: Context, tell: Tell) -> Standing:
    """Try to open every secret, and say how each key stands."""
    secrets: Counter[str | None] = Counter(dict.fromkeys(ctx.store.vault.key_ids, 0))
    opened: Counter[str | None] = Counter()
    unopened = Unopened()
    async for place, batch in _batches(ctx, tell):
        for one in batch:
            key = key_id_of(one.text)
            secrets[key] += 1
            if _open(ctx, place, one) is None:
                unopened.add(place, one)
            else:
                opened[key] += 1
    return Standing([_standing(ctx, key, total, opened[key]) for key, total in secrets.items()], unopened)


async def reseal(ctx: Context, tell: Tell) -> Resealed:
    """Seal every secret that opens anew under the newest key. What is under it already is not touched."""
    done = await _round(ctx, tell, is_first=True)
    total = done.sealed
    for _ in range(_ROUNDS):
        if done.settled:
            break
        # What others put behind our back is found by looking again, until there is nothing to be found.
        done = await _round(ctx, _told_before, is_first=False)
        total += done.sealed
    return Resealed(sealed=total, settled=done.settled, unopened=done.unopened)


class _Resealing(Struct, frozen=True):
    ctx: Context
    place: Place
    before: Sealed
    after: str
    is_first: bool


async def _round(ctx: Context, tell: Tell, *, is_first: bool) -> Resealed:
    written: list[bool] = []
    unopened = Unopened()
    async for place, batch in _batches(ctx, tell):
        wanted: list[_Resealing] = []
        for one in batch:
            if key_id_of(one.text) == ctx.store.vault.newest:
                continue
            secret = _open(ctx, place, one)
            if secret is None:
                unopened.add(place, one)
            else:
                begins = is_first and not written and not wanted
                wanted.append(_Resealing(ctx, place, one, _seal(ctx, place, one.row, secret), begins))
        written += await asyncio.gather(*(ctx.store.write(_reseal, one) for one in wanted))
    return Resealed(sealed=written.count(True), settled=not written, unopened=unopened)


async def _batches(ctx: Context, tell: Tell) -> AsyncIterator[tuple[Place, list[Sealed]]]:
    for place in PLACES:
        after = ""
        while batch := await ctx.store.read(partial(sealed.page, place=place, after=after, most=_BATCH)):
            yield place, batch
            tell(len(batch))
            after = batch[-1].row


def _open(ctx: Context, place: Place, one: Sealed) -> Secret | None:
    try:
        return ctx.store.vault.open(one.text, table=place.table, row=one.row, purpose=place.purpose)
    except Misconfigured:
        return None


def _seal(ctx: Context, place: Place, row: str, secret: Secret) -> str:
    return ctx.store.vault.seal(secret, table=place.table, row=row, purpose=place.purpose)


def _reseal(transaction: Transaction, wanted: Sequence[_Resealing]) -> list[bool]:
    done = [sealed.replace(transaction.connection, one.place, one.before, one.after) for one in wanted]
    for one in wanted:
        if one.is_first:
            # Once a run: what changes is the key, not the secrets.
            newest = one.ctx.store.vault.newest
            note(one.ctx, transaction, AuditAction.KEYRING_ROTATE, partner=None, subject=newest)
    passing(Checkpoint.BEFORE_RESEAL_COMMIT)
    return done


def _standing(ctx: Context, key: str | None, secrets: int, opened: int) -> KeyStanding:
    vault = ctx.store.vault
    return KeyStanding(id=key, given=key in vault.key_ids, newest=key == vault.newest, secrets=secrets, opened=opened)


def _told_before(_looked_at: int) -> None:
    """Say nothing: what is looked at again was counted the first time."""
