"""What tests of actions and of the engine ask for: a receiver, and a process whose engine each test starts if it wants.

Owns no test's ways: a folder's ``conftest`` says which of these it offers.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from support.certificates import Authority
from support.https_receiver import HttpsReceiver
from support.stepped_clock import SteppedClock
from support.workplace import Workplace, workplace
from tidings.store.database import Database


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest_asyncio.fixture
async def receiver(authority: Authority) -> AsyncIterator[HttpsReceiver]:
    async with HttpsReceiver(authority) as up:
        yield up


@pytest_asyncio.fixture
async def work(
    database: Database, clock: SteppedClock, receiver: HttpsReceiver, authority: Authority
) -> AsyncIterator[Workplace]:
    async with workplace(database, clock, receiver, authority) as at:
        yield at


@pytest_asyncio.fixture
async def other(
    database: Database, clock: SteppedClock, receiver: HttpsReceiver, authority: Authority
) -> AsyncIterator[Workplace]:
    """Be another process on the database of ``work``."""
    async with workplace(database, clock, receiver, authority) as at:
        yield at
