"""Settings that change what others see."""

from pathlib import Path

import httpx
import pytest

from support.certificates import Authority
from support.event_samples import sample
from support.house import open_house
from support.https_receiver import HttpsReceiver
from support.service import free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_event_id_header_is_sent_where_one_is_set(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    settings = {"TIDINGS_EVENT_ID_HEADER": "X-Event-Reference"}
    async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
        partner = await house.partner()
        (published,) = await house.platform.publish({"partner": partner.name, "payload": sample()})
        (request,) = await house.receiver.until_received(1, partner.path)

    assert request.header("X-Event-Reference") == published["id"]


async def test_metrics_have_a_listener_of_their_own_where_one_is_set(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    address = f"127.0.0.1:{free_port()}"
    settings = {"TIDINGS_METRICS_ADDRESS": address}
    async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
        on_the_main_port = await house.platform.http.get("/metrics")
        async with httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client:
            metrics = await client.get("/metrics")
            api = await client.get("/platform/v1/deliveries")

    assert on_the_main_port.status_code == 404
    assert metrics.status_code == 200
    assert "tidings_deliveries{" in metrics.text
    assert api.status_code == 404
