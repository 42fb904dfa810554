"""What fails is tried again: when it should be, the same bytes, signed anew, and not for ever (G3, G5, G8, G10)."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import datetime

import pytest

from support.house import House
from support.https_receiver import OK, Answer, Drop, Received
from tidings_receiver import verify

pytestmark = pytest.mark.asyncio(loop_scope="session")

# How late a retry may be on a busy machine; guarantee G8 asks for its p99.
LATE = 1.0


def _gaps(requests: Sequence[Received]) -> list[float]:
    return [later.monotonic - earlier.monotonic for earlier, later in itertools.pairwise(requests)]


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


async def test_a_failing_receiver_is_tried_again_on_schedule_until_it_succeeds(patient: House) -> None:
    partner = await patient.partner(Answer(status=500), Answer(status=500), OK)

    view = await patient.platform.until_ended(await patient.publish(partner))
    requests = patient.received(partner)

    assert view["delivery"]["state"] == "delivered"
    assert [attempt["http_status"] for attempt in view["attempts"]] == [500, 500, 200]
    assert [attempt["number"] for attempt in view["attempts"]] == [1, 2, 3]
    first, second = _gaps(requests)
    # Base 0.5 s, doubled, each a fifth shorter or longer.
    assert 0.4 <= first <= 0.6 + LATE
    assert 0.8 <= second <= 1.2 + LATE


async def test_every_attempt_carries_the_same_body_under_a_signature_of_its_own_time(patient: House) -> None:
    partner = await patient.partner(Answer(status=503), Answer(status=404), Answer(status=302), OK)

    view = await patient.platform.until_ended(await patient.publish(partner))
    requests = patient.received(partner)
    signatures = [request.header("X-Signature") for request in requests]

    assert len(requests) == 4
    assert len({request.body for request in requests}) == 1
    assert signatures == [attempt["signature"] for attempt in view["attempts"]]
    for request, signature in zip(requests, signatures, strict=True):
        verify(request.body, signature, partner.secret, now=request.wall)
        signed_at = int(signature.partition(",")[0].removeprefix("t="))
        assert -1 <= request.wall - signed_at <= 1 + LATE


async def test_what_never_succeeds_ends_failed_at_the_end_of_the_window(hasty: House) -> None:
    partner = await hasty.partner(Answer(status=500))

    view = await hasty.platform.until_ended(await hasty.publish(partner))
    requests = hasty.received(partner)

    assert view["delivery"]["state"] == "failed"
    assert len(requests) == len(view["attempts"]) == view["delivery"]["attempts"] >= 3
    assert requests[-1].monotonic - requests[0].monotonic <= 2 + LATE
    assert _moment(view["delivery"]["finished_at"]) - _moment(view["delivery"]["created_at"]) <= 2 + LATE


async def test_a_redirect_is_a_failure_and_its_target_is_never_contacted(hasty: House) -> None:
    target = hasty.receiver.url("/redirect-target")
    replies = [Answer(status=status, headers=(("Location", target),)) for status in (301, 302, 303, 307, 308)]
    partner = await hasty.partner(*replies)

    view = await hasty.platform.until_ended(await hasty.publish(partner))

    assert view["delivery"]["state"] == "failed"
    assert {attempt["http_status"] for attempt in view["attempts"]} >= {301, 302, 303}
    assert hasty.receiver.at("/redirect-target") == []


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_honoured(patient: House, status: int) -> None:
    partner = await patient.partner(Answer(status=status, headers=(("Retry-After", "2"),)), OK)

    view = await patient.platform.until_ended(await patient.publish(partner))
    (gap,) = _gaps(patient.received(partner))

    assert view["delivery"]["state"] == "delivered"
    assert 2 <= gap <= 2.5 + LATE


async def test_retry_after_on_another_status_is_not_honoured(patient: House) -> None:
    partner = await patient.partner(Answer(status=500, headers=(("Retry-After", "30"),)), OK)

    await patient.platform.until_ended(await patient.publish(partner))
    (gap,) = _gaps(patient.received(partner))

    assert gap <= 0.6 + LATE


async def test_a_retry_after_beyond_the_window_is_not_waited_for(hasty: House) -> None:
    partner = await hasty.partner(Answer(status=503, headers=(("Retry-After", "60"),)))

    view = await hasty.platform.until_ended(await hasty.publish(partner), within=2)

    assert view["delivery"]["state"] == "failed"
    assert len(view["attempts"]) == len(hasty.received(partner)) == 1


async def test_a_receiver_that_does_not_answer_in_time_is_tried_again(hasty: House) -> None:
    partner = await hasty.partner(Answer(after=asyncio.Event()), OK)

    view = await hasty.platform.until_ended(await hasty.publish(partner))

    first, second = view["attempts"]
    assert view["delivery"]["state"] == "delivered"
    assert (first["http_status"], second["http_status"]) == (None, 200)
    assert 900 <= first["duration_ms"] <= 1000 * (1 + LATE)


async def test_no_request_is_sent_again_behind_the_log_when_a_connection_breaks(patient: House) -> None:
    partner = await patient.partner(OK, Drop(), Drop(), OK)

    first = await patient.platform.until_ended(await patient.publish(partner))
    second = await patient.platform.until_ended(await patient.publish(partner))
    logged = [attempt["signature"] for view in (first, second) for attempt in view["attempts"]]
    seen = [request.header("X-Signature") for request in patient.received(partner)]

    assert len(second["attempts"]) == 3
    assert seen == logged
