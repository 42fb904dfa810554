"""The houses that acceptance tests share. A test makes its own partners, so that none disturbs another."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from support.certificates import Authority
from support.house import House, open_house
from support.https_receiver import HttpsReceiver


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--starts", type=int, default=20, help="how often the service is started and stopped in a row")


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def receiver(authority: Authority) -> AsyncIterator[HttpsReceiver]:
    """One receiver for the shared houses; every partner has its own path on it."""
    async with HttpsReceiver(authority) as up:
        yield up


@pytest_asyncio.fixture(loop_scope="session")
async def own_receiver(authority: Authority) -> AsyncIterator[HttpsReceiver]:
    """A receiver for one test alone, whose service is killed or stopped."""
    async with HttpsReceiver(authority) as up:
        yield up


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def patient(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, receiver: HttpsReceiver
) -> AsyncIterator[House]:
    """A house that retries quickly at first and for a minute."""
    settings = {
        "TIDINGS_RETRY_BASE": "0.5",
        "TIDINGS_RETRY_WINDOW": "60",
        "TIDINGS_ATTEMPT_TIMEOUT": "5",
        "TIDINGS_LEASE": "8",
    }
    async with open_house(tmp_path_factory.mktemp("patient"), authority, settings, receiver=receiver) as house:
        yield house


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hasty(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority, receiver: HttpsReceiver
) -> AsyncIterator[House]:
    """A house that gives up after two seconds."""
    settings = {
        "TIDINGS_RETRY_BASE": "0.3",
        "TIDINGS_RETRY_WINDOW": "2",
        "TIDINGS_ATTEMPT_TIMEOUT": "1",
        "TIDINGS_LEASE": "3",
    }
    async with open_house(tmp_path_factory.mktemp("hasty"), authority, settings, receiver=receiver) as house:
        yield house
