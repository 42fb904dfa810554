"""What a running service tells of its attempts while they end."""

import pytest

from support.event_stream import streamed
from support.house import House
from support.https_receiver import Answer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_each_attempt_of_a_delivery_is_told_in_its_order(patient: House) -> None:
    partner = await patient.partner(Answer(status=500), Answer())
    target = f"/platform/v1/attempts/live?partner={partner.name}"
    token = patient.platform.http.headers["authorization"].removeprefix("Bearer ")

    async with streamed(patient.service.port, target, token) as stream:
        await stream.begun()
        delivery = await patient.publish(partner)
        told = [await stream.next(), await stream.next()]

    seen = [(one.data["delivery"], one.data["number"], one.data["outcome"], one.data["state"]) for one in told if one]
    assert seen == [(delivery, 1, "http_status", "pending"), (delivery, 2, "ok", "delivered")]
