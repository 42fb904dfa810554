"""Every test of the actions runs on each database, with an installation of its own and no engine."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from support.acting import HOST, PUBLIC_ADDRESS
from support.certificates import Authority
from support.database_fixtures import clock, database, template
from support.dns_server import DnsServer
from support.https_receiver import HttpsReceiver
from support.installation import Installation, Terms, installed
from support.stepped_clock import SteppedClock
from tidings.store.database import Database


@pytest.fixture(scope="session")
def dns() -> Iterator[DnsServer]:
    with DnsServer() as server:
        server.say(HOST, PUBLIC_ADDRESS)
        yield server


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest_asyncio.fixture
async def receiver(authority: Authority) -> AsyncIterator[HttpsReceiver]:
    async with HttpsReceiver(authority) as running:
        yield running


@pytest.fixture
def terms(dns: DnsServer) -> Terms:
    """What an installation is made with; a module of tests may want others."""
    return Terms(dns=dns.address)


@pytest_asyncio.fixture
async def at(database: Database, clock: SteppedClock, terms: Terms) -> AsyncIterator[Installation]:
    async with installed(database, clock, terms) as installation:
        yield installation


__all__ = ["clock", "database", "template"]
