"""What tests of the engine share: an authority, a place for a database, a scripted outside."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from support.certificates import Authority
from support.https_receiver import HttpsReceiver
from support.scripted_sender import ScriptedSender

# No deadline: the machine that runs the tests may be busy.
settings.register_profile("engine", deadline=None, max_examples=100)
settings.load_profile("engine")


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def receiver(authority: Authority) -> AsyncIterator[HttpsReceiver]:
    async with HttpsReceiver(authority) as up:
        yield up


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tidings.db"


@pytest.fixture
def outside() -> ScriptedSender:
    return ScriptedSender()
