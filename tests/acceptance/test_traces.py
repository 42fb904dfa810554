"""Traces: from the publication of an event to its last attempt, at a collector that is really asked."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from support.certificates import Authority
from support.event_samples import marked
from support.house import House, marker, open_house
from support.https_receiver import Answer, HttpsReceiver
from support.otlp_collector import Collected, OtlpCollector
from support.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

SETTINGS = {
    "TIDINGS_RETRY_BASE": "0.2",
    "TIDINGS_RETRY_WINDOW": "60",
    "TIDINGS_ATTEMPT_TIMEOUT": "5",
    "TIDINGS_LEASE": "8",
}


def named(spans: Iterable[Collected], name: str) -> list[Collected]:
    return sorted((span for span in spans if span.name == name), key=lambda span: span.began)


async def publish_batch(house: House, partner: str, count: int) -> list[str]:
    batch = [{"partner": partner, "payload": marked(marker())} for _ in range(count)]
    return [published["id"] for published in await house.platform.publish(*batch)]


async def test_one_trace_leads_from_the_publication_to_the_attempts_across_a_restart(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    async with OtlpCollector() as collector:
        settings = SETTINGS | {"TIDINGS_OTLP_ENDPOINT": collector.url, "TIDINGS_RETRY_BASE": "3"}
        async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
            partner = await house.partner(Answer(status=503), Answer())
            delivery = await house.publish(partner)
            await house.platform.until(delivery, lambda view: view["delivery"]["last_outcome"] == "http_status")
            await house.service.stop()
            await house.restart()
            view = await house.platform.until_ended(delivery)
        spans = [span for span in collector.spans if span.attributes["tidings.event"] == view["delivery"]["event"]]

    (publication,) = named(spans, "publish")
    first, second = named(spans, "attempt")
    commits = named(spans, "commit")
    assert len({span.trace for span in spans}) == 1
    assert {span.id for span in spans} == {span.id for span in [publication, first, second, *commits]}
    assert publication.parent == ""
    assert (first.parent, second.parent) == (publication.id, publication.id)
    assert [commit.parent for commit in commits] == [publication.id, first.id, second.id]
    assert all(span.began <= span.ended for span in spans)
    assert publication.began <= first.began < first.ended < second.began
    assert (first.is_error, second.is_error) == (True, False)
    assert first.attributes == {
        "tidings.event": view["delivery"]["event"],
        "tidings.delivery": delivery,
        "tidings.event_type": "user.verified",
        "tidings.webhook": partner.webhook,
        "tidings.partner": partner.name,
        "tidings.attempt": 1,
        "tidings.outcome": "http_status",
        "tidings.verdict": "retry",
        "http.response.status_code": 503,
    }
    assert first.service["service.name"] == "tidings"
    assert first.service["service.instance.id"] != second.service["service.instance.id"]
    assert set(collector.paths) == {"/v1/traces"}


async def test_a_part_of_the_events_is_traced_and_each_of_them_whole(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    async with OtlpCollector() as collector:
        settings = SETTINGS | {"TIDINGS_OTLP_ENDPOINT": collector.url, "TIDINGS_OTLP_SAMPLE": "0.3"}
        async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
            partner = await house.partner()
            await publish_batch(house, partner.name, 200)
            await house.platform.until_none("pending", "in_flight")

    traces: dict[str, list[str]] = {}
    for span in collector.spans:
        traces.setdefault(span.trace, []).append(span.name)
    # Of 200 events with a chance of 0.3 each: outside of these bounds once in a thousand million runs.
    assert 20 < len(traces) < 110
    assert {tuple(sorted(names)) for names in traces.values()} == {("attempt", "commit", "commit", "publish")}


async def test_a_collector_that_refuses_holds_nothing_up_and_is_told(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    async with OtlpCollector(status=400) as collector:
        settings = SETTINGS | {"TIDINGS_OTLP_ENDPOINT": collector.url}
        async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
            view = await house.platform.until_ended(await house.publish(await house.partner()))
            await collector.until(lambda: bool(collector.paths))
            await until_lost(house)
            status = await house.service.stop()

    assert (view["delivery"]["state"], status) == ("delivered", 0)
    assert "spans lost" in house.service.stderr
    assert "Traceback" not in house.service.stderr


async def until_lost(house: House) -> None:
    while "\ntidings_spans_lost_total 0.0" in await house.platform.metrics():
        pass


async def test_an_endpoint_without_the_extra_is_one_clear_line(tmp_path: Path) -> None:
    missing = tmp_path / "without" / "opentelemetry"
    missing.mkdir(parents=True)
    (missing / "__init__.py").write_text("raise ModuleNotFoundError('not installed here')\n")
    path = os.pathsep.join([str(missing.parent), os.environ.get("PYTHONPATH", "")])
    settings = {"TIDINGS_OTLP_ENDPOINT": "http://127.0.0.1:4318", "PYTHONPATH": path}

    finished = await Installation(tmp_path, settings).run("serve", "--port", "0")

    assert finished.status == 1
    assert "TIDINGS_OTLP_ENDPOINT: traces need an extra; pip install 'tidings[otlp]'" in finished.stderr
    assert len(finished.stderr.splitlines()) == 1
