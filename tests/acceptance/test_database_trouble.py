"""While the database cannot be written to, nothing is promised; afterwards everything goes on unaided (G14)."""

from pathlib import Path

import pytest

from support.certificates import Authority
from support.event_samples import marked
from support.house import marker, open_house
from support.https_receiver import HttpsReceiver
from support.outages import held_by_another_program

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_publishing_is_refused_while_the_database_is_locked_and_works_again_afterwards(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    async with open_house(tmp_path, authority, {}, receiver=own_receiver) as house:
        partner = await house.partner()
        with held_by_another_program(house.installation.database):
            refused = await house.platform.try_publish({"partner": partner.name, "payload": marked(marker())})
            alive = await house.platform.http.get("/healthz")
        view = await house.platform.until_ended(await house.publish(partner))
        all_deliveries = await house.platform.deliveries()

    assert (refused.status_code, alive.status_code) == (503, 200)
    assert int(refused.headers["Retry-After"]) >= 1
    assert view["delivery"]["state"] == "delivered"
    assert len(all_deliveries) == len(own_receiver.requests) == 1
