"""Nonces that a key has used: never the same one twice, at the edges of 64 bits too."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from support.stepped_clock import START
from support.stored import add_partner
from tidings.core import nonce as nonces
from tidings.core.model import ApiKey
from tidings.core.nonce import HIGHEST
from tidings.core.roles import ALL_PERMISSIONS
from tidings.store import keys, tables
from tidings.store.database import Database

EDGES = st.sampled_from([1, 2, 9, 10, 2**31, 2**53, 2**63 - 1, 2**63, 10**19, HIGHEST - 1, HIGHEST])
NEAR = st.builds(lambda edge, off: min(HIGHEST, max(1, edge + off)), EDGES, st.integers(-12, 12))
WINDOWS = st.sampled_from([0, 1, 2, 10, 2**62 - 1])

_numbers = itertools.count(1)


@pytest.fixture
async def stocked(database: Database) -> Database:
    await database.write(add_partner)
    return database


def add_key(connection: Connection, window: int) -> str:
    key = ApiKey(
        key=f"key-{next(_numbers)}",
        partner="acme",
        nonce_window=window,
        permissions=ALL_PERMISSIONS,
        created_at=START,
        revoked_at=None,
    )
    keys.insert_one(connection, key, sealed_secret="sealed")
    return key.key


def try_nonce(connection: Connection, key: str, nonce: int) -> bool:
    """Spend a nonce if it is fresh; tell whether it was."""
    state = keys.state_for_update(connection, key)
    assert state is not None
    used = keys.UsedNonces(connection, key)
    if not nonces.is_fresh(nonce, highest=state.highest, window=state.window, used=used):
        return False
    keys.spend(connection, key, nonce=nonce, state=state)
    return True


def highest(connection: Connection, key: str) -> int:
    state = keys.state_for_update(connection, key)
    assert state is not None
    return state.highest


async def test_a_key_takes_exactly_the_nonces_that_the_rule_takes(stocked: Database) -> None:
    @settings(deadline=None, max_examples=150)
    @given(WINDOWS, st.lists(NEAR, max_size=25))
    def check(connection: Connection, window: int, tried: list[int]) -> None:
        key, used, top = add_key(connection, window), set[int](), 0
        for nonce in tried:
            fresh = nonces.is_fresh(nonce, highest=top, window=window, used=used)
            assert try_nonce(connection, key, nonce) == fresh
            if fresh:
                # The rule's memory is whole; the store's forgets what fell out of the window.
                used.add(nonce)
                top = max(top, nonce)
            assert highest(connection, key) == top

    def run(connection: Connection) -> None:
        check(connection)

    await stocked.write(run)


async def spend_all(database: Database, window: int, *tried: int) -> list[bool]:
    def run(connection: Connection) -> list[bool]:
        key = add_key(connection, window)
        return [try_nonce(connection, key, nonce) for nonce in tried]

    return await database.write(run)


async def test_without_a_window_nonces_only_rise(stocked: Database) -> None:
    assert await spend_all(stocked, 0, 5, 5, 4, 6, 1, 7) == [True, False, False, True, False, True]


async def test_inside_the_window_each_nonce_is_good_for_once(stocked: Database) -> None:
    assert await spend_all(stocked, 3, 10, 8, 9, 8, 7, 10) == [True, True, True, False, False, False]


async def test_numbers_above_the_signed_64_bits_rise_like_all_others(stocked: Database) -> None:
    rising = (9, 10, 99, 100, 2**63 - 1, 2**63, 10**19, HIGHEST - 1, HIGHEST)
    assert await spend_all(stocked, 0, *rising) == [True] * len(rising)
    assert await spend_all(stocked, 0, HIGHEST, HIGHEST, 2**63, 1) == [True, False, False, False]


async def test_a_window_below_the_highest_number_of_all_still_opens(stocked: Database) -> None:
    assert await spend_all(stocked, 10, HIGHEST, HIGHEST - 9, HIGHEST - 9, HIGHEST - 10) == [True, True, False, False]


async def test_one_keys_nonces_are_nothing_to_another(stocked: Database) -> None:
    def run(connection: Connection) -> list[bool]:
        one, other = add_key(connection, 5), add_key(connection, 5)
        return [try_nonce(connection, key, 7) for key in (one, other, one, other)]

    assert await stocked.write(run) == [True, True, False, False]


async def test_a_key_remembers_no_more_than_its_window(stocked: Database) -> None:
    def run(connection: Connection) -> int:
        key = add_key(connection, 10)
        for nonce in range(1, 200):
            assert try_nonce(connection, key, nonce)
        counted = select(func.count()).select_from(tables.used_nonces).where(tables.used_nonces.c.key == key)
        return connection.execute(counted).scalar_one()

    assert await stocked.write(run) == 10


async def test_a_key_without_a_window_remembers_one_number(stocked: Database) -> None:
    await spend_all(stocked, 0, *range(1, 50))
    counted = select(func.count()).select_from(tables.used_nonces)
    assert await stocked.read(lambda connection: connection.execute(counted).scalar_one()) == 0


async def test_only_numbers_can_have_been_used(stocked: Database) -> None:
    def run(connection: Connection) -> bool:
        key = add_key(connection, 5)
        try_nonce(connection, key, 7)
        text: object = "7"
        return text in keys.UsedNonces(connection, key)

    assert not await stocked.write(run)


async def test_a_revoked_key_leaves_no_nonces_behind(stocked: Database) -> None:
    def use(connection: Connection) -> str:
        key = add_key(connection, 10)
        state = keys.state_for_update(connection, key)
        assert state is not None
        keys.spend(connection, key, nonce=7, state=state)
        return key

    def used(connection: Connection) -> int:
        return int(connection.execute(select(func.count()).select_from(tables.used_nonces)).scalar_one())

    key = await stocked.write(use)
    assert await stocked.read(used) == 1
    assert await stocked.write(lambda connection: keys.revoke(connection, key, now=START))
    assert await stocked.read(used) == 0
