"""How deliveries end when the webhook or the partner goes away (contract.md section 7, G3)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from support.event_samples import marked
from support.house import House, Partner, marker
from support.https_receiver import OK, Answer

pytestmark = pytest.mark.asyncio(loop_scope="session")

COME_BACK_LATER = Answer(status=503, headers=(("Retry-After", "30"),))
Farewell: TypeAlias = Callable[[Partner], Awaitable[object]]


async def _waiting_for_a_retry(house: House, partner: Partner) -> str:
    """Publish an event whose first attempt failed and whose second is half a minute away."""
    delivery = await house.publish(partner)
    await house.platform.until(
        delivery, lambda view: view["delivery"]["state"] == "pending" and view["delivery"]["attempts"] == 1
    )
    return delivery


async def _delete(partner: Partner) -> object:
    return await partner.client.delete(partner.webhook)


async def _disable(partner: Partner) -> object:
    return await partner.client.update(partner.webhook, enabled=False)


FAREWELLS = pytest.mark.parametrize("farewell", [_delete, _disable], ids=["deleted", "disabled"])


@FAREWELLS
async def test_what_is_pending_when_the_webhook_goes_is_cancelled(patient: House, farewell: Farewell) -> None:
    partner = await patient.partner(COME_BACK_LATER)
    delivery = await _waiting_for_a_retry(patient, partner)

    await farewell(partner)
    view = await patient.platform.until_ended(delivery, within=2)

    assert view["delivery"]["state"] == "cancelled"
    assert len(view["attempts"]) == len(patient.received(partner)) == 1


async def test_disabling_the_partner_cancels_what_is_pending(patient: House) -> None:
    partner = await patient.partner(COME_BACK_LATER)
    delivery = await _waiting_for_a_retry(patient, partner)

    await patient.installation.ask("partner", "disable", partner.name)
    view = await patient.platform.until_ended(delivery, within=2)
    refused = await partner.client.call("GET", "/b2b/webhooks")

    assert view["delivery"]["state"] == "cancelled"
    assert refused.status == 403


@FAREWELLS
@pytest.mark.parametrize(("status", "end"), [(200, "delivered"), (500, "cancelled")])
async def test_an_attempt_in_flight_when_the_webhook_goes_finishes(
    patient: House, farewell: Farewell, status: int, end: str
) -> None:
    held = asyncio.Event()
    partner = await patient.partner(Answer(status=status, after=held))
    delivery = await patient.publish(partner)
    await patient.receiver.until_received(1, partner.path)

    await farewell(partner)
    held.set()
    view = await patient.platform.until_ended(delivery)

    assert view["delivery"]["state"] == end
    assert [attempt["http_status"] for attempt in view["attempts"]] == [status]
    assert len(patient.received(partner)) == 1


async def test_unsubscribing_leaves_pending_deliveries_alone(patient: House) -> None:
    partner = await patient.partner(Answer(status=500), OK)
    delivery = await patient.publish(partner)
    await patient.receiver.until_received(1, partner.path)

    await partner.client.update(partner.webhook, events=[])
    view = await patient.platform.until_ended(delivery)

    assert view["delivery"]["state"] == "delivered"
    assert len(patient.received(partner)) == 2


async def _unrouted(house: House, name: str) -> str:
    """Publish an event that nobody wants; return why."""
    (published,) = await house.platform.publish({"partner": name, "payload": marked(marker())})
    assert published["deliveries"] == []
    kept = await house.platform.event(published["id"])
    assert kept["deliveries"] == []
    return str(published["unrouted"])


async def test_what_is_raised_while_nobody_wants_it_is_kept_with_the_reason(patient: House) -> None:
    name, _ = await patient.bare_partner()
    partner = await patient.partner(events=["user.closed"])

    reasons = [await _unrouted(patient, name), await _unrouted(patient, partner.name)]
    await partner.client.update(partner.webhook, enabled=False)
    reasons.append(await _unrouted(patient, partner.name))
    await patient.installation.ask("partner", "disable", partner.name)
    reasons.append(await _unrouted(patient, partner.name))

    assert reasons == ["no_webhook", "not_subscribed", "disabled", "partner_disabled"]
    assert patient.received(partner) == []


async def test_redelivery_makes_a_new_delivery_that_names_the_old(hasty: House) -> None:
    partner = await hasty.partner(Answer(status=503, headers=(("Retry-After", "60"),)), OK)
    failed = await hasty.platform.until_ended(await hasty.publish(partner))

    answer = await hasty.platform.http.post(f"/platform/v1/deliveries/{failed['delivery']['id']}/redeliver")
    again = await hasty.platform.until_ended(answer.json()["result"]["delivery"]["id"])
    untouched = await hasty.platform.delivery(failed["delivery"]["id"])
    first, second = hasty.received(partner)

    assert answer.status_code == 202
    assert (again["delivery"]["state"], again["delivery"]["redelivery_of"]) == ("delivered", failed["delivery"]["id"])
    assert again["delivery"]["event"] == failed["delivery"]["event"]
    assert untouched == failed
    assert first.body == second.body
