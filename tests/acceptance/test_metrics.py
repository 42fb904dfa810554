"""What /metrics says of a real service is what happened, and it answers when nothing else does."""

import base64
import json
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.certificates import Authority
from support.house import House, open_house
from support.https_receiver import Answer, HttpsReceiver
from support.postgresql import cluster
from support.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

SETTINGS = {
    "TIDINGS_RETRY_BASE": "0.2",
    "TIDINGS_RETRY_WINDOW": "0.5",
    "TIDINGS_ATTEMPT_TIMEOUT": "5",
    "TIDINGS_LEASE": "6",
    "TIDINGS_METRICS_PER_WEBHOOK": "1",
}
LEVELS = ("known", "in_flight", "doubtful")


async def scraped(house: House, *, attempts: int) -> dict[str, float]:
    """Scrape once so many attempts are counted: that follows the commit which shows them to everybody else."""
    while True:
        seen = await scrape(house)
        if sum(count for name, count in seen.items() if name.startswith("tidings_attempts_total")) >= attempts:
            return seen


async def scrape(house: House) -> dict[str, float]:
    """Return every sample, its labels written behind its name."""
    families = text_string_to_metric_families(await house.platform.metrics())
    return {
        sample.name + "".join(f"[{value}]" for _, value in sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def attempts_logged(house: House) -> list[dict[str, object]]:
    lines = map(json.loads, house.service.stderr.splitlines())
    return [line for line in lines if line["message"] == "attempt ended"]


async def test_the_numbers_are_those_of_what_happened(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    async with open_house(tmp_path, authority, SETTINGS, receiver=own_receiver) as house:
        healthy, failing = await house.partner(), await house.partner(Answer(status=500))
        for _ in range(3):
            await house.platform.until_ended(await house.publish(healthy))
        failed = await house.platform.until_ended(await house.publish(failing))
        tries = len(failed["attempts"])
        seen = await scraped(house, attempts=3 + tries)

    lines = attempts_logged(house)
    assert seen["tidings_events_published_total"] == 4
    assert (seen["tidings_attempts_total[ok]"], seen["tidings_attempts_total[http_status]"]) == (3, tries)
    assert (seen["tidings_deliveries[delivered]"], seen["tidings_deliveries[failed]"]) == (3, 1)
    assert (seen["tidings_deliveries_fan_out"], seen["tidings_deliveries_unaccounted"]) == (4, 0)
    assert seen["tidings_delivery_latency_seconds_count"] == 3
    assert seen["tidings_http_requests_total[platform][2xx]"] >= 4
    assert seen["tidings_http_requests_total[partner][2xx]"] >= 2
    assert seen["tidings_commit_members_count"] >= 4
    assert seen["tidings_database_read_duration_seconds_count"] > 0
    assert (seen["tidings_database_up"], seen["tidings_slots"]) == (1, 256)
    assert all(f"tidings_lanes[{level}]" in seen for level in LEVELS)
    assert seen["tidings_process_resident_memory_bytes"] > 0
    assert sum(count for name, count in seen.items() if name.startswith("tidings_webhook_attempts_total[")) == 3 + tries
    assert {line["verdict"] for line in lines} == {"delivered", "retry", "failed"}
    assert len(lines) == 3 + tries


async def test_every_attempt_is_one_line_also_one_that_died_with_its_process(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    settings = {**SETTINGS, "TIDINGS_RETRY_WINDOW": "60"}
    async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
        partner = await house.partner(Answer(delay=30), Answer())
        delivery = await house.publish(partner)
        await own_receiver.until_received(1, partner.path)
        await house.service.kill()
        await house.restart()
        view = await house.platform.until_ended(delivery)
        seen = await scraped(house, attempts=2)

    lines = attempts_logged(house)
    told = [(line["delivery"], line["number"], line["outcome"], line["verdict"]) for line in lines]
    assert [attempt["outcome"] for attempt in view["attempts"]] == ["lease_lost", "ok"]
    assert told == [(delivery, 1, "lease_lost", "retry"), (delivery, 2, "ok", "delivered")]
    assert seen["tidings_leases_rescued_total"] == seen["tidings_attempts_total[lease_lost]"] == 1
    assert seen["tidings_deliveries_unaccounted"] == 0


async def test_what_was_cut_off_twice_is_sent_apart_and_told_of(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    settings = {**SETTINGS, "TIDINGS_RETRY_WINDOW": "60"}
    async with open_house(tmp_path, authority, settings, receiver=own_receiver) as house:
        partner = await house.partner(Answer(delay=30), Answer(delay=30), Answer())
        delivery = await house.publish(partner)
        for times in (1, 2):
            await own_receiver.until_received(times, partner.path)
            await house.service.kill()
            await house.restart()
        await house.platform.until_ended(delivery)
        seen = await scraped(house, attempts=2)

    lines = map(json.loads, house.service.stderr.splitlines())
    apart = [line for line in lines if line["message"].startswith("sent apart")]
    assert [(line["delivery"], line["number"]) for line in apart] == [(delivery, 3)]
    assert (seen["tidings_attempts_apart_total"], seen["tidings_attempts_in_flight_apart"]) == (1, 0)
    assert seen["tidings_suspects"] == 0


async def test_a_scrape_is_answered_while_the_database_is_gone(
    tmp_path: Path, authority: Authority, own_receiver: HttpsReceiver
) -> None:
    with cluster() as server:
        own = {
            "TIDINGS_DATABASE_URL": server.create(),
            "TIDINGS_MASTER_KEY": base64.b64encode(bytes(32)).decode(),
        }
        assert (await Installation(tmp_path, own).run("migrate")).status == 0
        async with open_house(tmp_path, authority, SETTINGS | own, receiver=own_receiver) as house:
            await house.platform.until_ended(await house.publish(await house.partner()))
            before = await scraped(house, attempts=1)
            server.stop("immediate")
            without = await scrape(house)
            server.start()
            await house.platform.until_ended(await house.publish(await house.partner()))
            after = await scraped(house, attempts=2)

    assert [seen["tidings_database_up"] for seen in (before, without, after)] == [1, 0, 1]
    assert without["tidings_deliveries[delivered]"] == before["tidings_deliveries[delivered]"] == 1
    assert without["tidings_attempts_total[ok]"] == 1
    assert (after["tidings_deliveries[delivered]"], after["tidings_deliveries_unaccounted"]) == (2, 0)
