"""``tidings check`` and the master key: every kind of sealed secret is looked at."""

import pytest

from support.acting import acting
from support.stepped_clock import SteppedClock
from support.stored import add_partner, add_webhook
from tidings.cli.check import _opened
from tidings.errors import TidingsError
from tidings.store.database import Database


async def test_a_key_that_does_not_open_a_signing_secret_is_noticed_without_any_api_key(
    database: Database, clock: SteppedClock
) -> None:
    async with acting(database, clock) as ctx:
        assert await _opened(ctx) == "there, and nothing is sealed yet"
        await database.write(add_partner)
        await database.write(add_webhook)

        with pytest.raises(TidingsError):
            await _opened(ctx)
