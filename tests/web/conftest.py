"""One service for each module of tests that need nothing special; every test makes its own partners."""

import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from support.partner_client import PartnerClient
from support.served import Served, served

_NUMBERS = itertools.count()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    async with served(tmp_path_factory.mktemp("served")) as up:
        yield up


@pytest_asyncio.fixture(loop_scope="session")
async def acme(at: Served) -> PartnerClient:
    return await at.partner(f"acme-{next(_NUMBERS)}")


@pytest_asyncio.fixture(loop_scope="session")
async def other(at: Served) -> PartnerClient:
    return await at.partner(f"other-{next(_NUMBERS)}")
