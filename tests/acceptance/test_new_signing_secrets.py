"""A new signing secret: while old and new overlap, every request verifies with both; afterwards with the new one."""

import sqlite3
from contextlib import closing
from datetime import datetime

import pytest

from support.event_samples import marked
from support.house import House, Partner, marker
from support.https_receiver import Answer, Received
from support.platform_client import JsonObject
from support.waiting import until
from tidings_receiver import SignatureMismatch, sign, verify

pytestmark = pytest.mark.asyncio(loop_scope="session")

FAILING = Answer(status=500)


async def rotate(house: House, partner: Partner, *, overlap: int) -> JsonObject:
    path = f"/platform/v1/webhooks/{partner.webhook}/rotate-secret"
    answer = await house.platform.http.post(path, json={"overlap_seconds": overlap})
    assert answer.is_success, answer.text
    result: JsonObject = answer.json()["result"]
    return result


async def delivered(house: House, partner: Partner) -> Received:
    """Publish an event and return the request that brought it."""
    seen = len(house.received(partner))
    await house.publish(partner)
    return (await house.receiver.until_received(seen + 1, partner.path))[-1]


def signed_with(request: Received, *secrets: str) -> bool:
    """Tell whether the signature is the one that these secrets make, in this order."""
    header = request.header("X-Signature")
    t = int(header.split(",")[0].removeprefix("t="))
    return header == sign(request.body, secrets, t)


async def test_during_the_overlap_old_and_new_verify_and_afterwards_the_new_one_alone(patient: House) -> None:
    partner = await patient.partner()

    new = (await rotate(patient, partner, overlap=3600))["secret"]
    during = await delivered(patient, partner)
    newest = (await rotate(patient, partner, overlap=0))["secret"]
    after = await delivered(patient, partner)

    assert signed_with(during, new, partner.secret)
    assert [verify(during.body, during.header("X-Signature"), each) for each in (new, partner.secret)]
    assert signed_with(after, newest)
    for old in (new, partner.secret):
        with pytest.raises(SignatureMismatch):
            verify(after.body, after.header("X-Signature"), old)


async def test_rotating_again_within_an_overlap_keeps_the_newest_two(patient: House) -> None:
    partner = await patient.partner()

    second = (await rotate(patient, partner, overlap=3600))["secret"]
    third = (await rotate(patient, partner, overlap=3600))["secret"]

    assert signed_with(await delivered(patient, partner), third, second)


async def test_retries_are_judged_each_by_its_own_moment(patient: House) -> None:
    partner = await patient.partner(*[FAILING] * 4, Answer())

    rotated = await rotate(patient, partner, overlap=2)
    view = await patient.platform.until_ended(await patient.publish(partner))

    ends_at = datetime.fromisoformat(rotated["webhook"]["old_secret_ends_at"])
    within = [datetime.fromisoformat(attempt["started_at"]) < ends_at for attempt in view["attempts"]]
    signatures = [attempt["signature"].count("v1=") for attempt in view["attempts"]]
    assert set(within) == {True, False}
    assert signatures == [2 if early else 1 for early in within]
    assert all(signed_with(each, rotated["secret"]) for each in patient.received(partner)[within.index(False) :])


async def test_what_waited_before_the_rotation_is_signed_with_the_new_secret_too(patient: House) -> None:
    partner = await patient.partner(FAILING, Answer())

    name = await patient.publish(partner)
    await patient.receiver.until_received(1, partner.path)
    new = (await rotate(patient, partner, overlap=3600))["secret"]
    await patient.platform.until_ended(name)

    first, second = patient.received(partner)
    assert signed_with(first, partner.secret)
    assert signed_with(second, new, partner.secret)


async def test_a_test_call_and_a_redelivery_carry_both_signatures(patient: House) -> None:
    partner = await patient.partner()
    new = (await rotate(patient, partner, overlap=3600))["secret"]
    before = await patient.publish(partner, marked(marker()))
    await patient.platform.until_ended(before)

    report = (await partner.client.call("POST", f"/b2b/webhooks/{partner.webhook}/test")).result
    again = await patient.platform.http.post(f"/platform/v1/deliveries/{before}/redeliver")
    await patient.platform.until_ended(again.json()["result"]["delivery"]["id"])

    requests = patient.received(partner)
    assert len(requests) == 3
    assert report["signature_header"] == requests[1].header("X-Signature")
    assert all(signed_with(request, new, partner.secret) for request in requests)


async def test_an_old_secret_is_wiped_when_its_overlap_is_over(patient: House) -> None:
    partner = await patient.partner()
    await rotate(patient, partner, overlap=1)

    def kept() -> tuple[str | None, int | None]:
        with closing(sqlite3.connect(patient.installation.database)) as connection:
            asked = "SELECT old_sealed_secret, old_secret_ends_at FROM webhooks WHERE id = ?"
            found: tuple[str | None, int | None] = connection.execute(asked, (partner.webhook,)).fetchone()
            return found

    await until(lambda: kept() == (None, None))


async def test_the_command_line_rotates_beside_a_running_service(patient: House) -> None:
    partner = await patient.partner()

    made = await patient.installation.ask("webhook", "rotate-secret", partner.webhook, "--overlap", "1h")

    assert signed_with(await delivered(patient, partner), made["secret"], partner.secret)
