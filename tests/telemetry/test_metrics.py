"""Facts become numbers under stable names, and no label grows without a bound."""

import re

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from tidings.core.delivery import Move
from tidings.core.instants import SECOND
from tidings.core.model import State
from tidings.core.outcome import Code
from tidings.engine.lanes import Lanes
from tidings.telemetry.facts import (
    AccessRefused,
    AttemptEnded,
    CommitEnded,
    EventsPublished,
    LeaseLost,
    LeasesRescued,
    NameLookedUp,
    ReadEnded,
    RequestAnswered,
    ServiceStopping,
    SuspectSent,
)
from tidings.telemetry.metrics import Metrics
from tidings.telemetry.standing import Standing

ATTEMPT = AttemptEnded(
    delivery="dlv_1",
    event="evt_1",
    event_type="deposit.status_updated",
    webhook="wh_1",
    partner="acme",
    number=1,
    outcome="ok",
    http_status=200,
    duration_ms=30,
    lateness_ms=2,
    latency_ms=32,
    verdict="delivered",
    ended_at=1_700_000_000_000_000,
    next_due_at=None,
)


def samples(metrics: Metrics) -> dict[str, float]:
    """Return every sample, its labels written behind its name."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def without_the_process(seen: dict[str, float]) -> dict[str, float]:
    """Leave out what moves by itself: time and memory of the process."""
    return {name: value for name, value in seen.items() if "_process_" not in name}


def test_attempts_are_counted_by_outcome_and_deliveries_by_end() -> None:
    metrics = Metrics()
    metrics.read(ATTEMPT)
    metrics.read(msgspec.structs.replace(ATTEMPT, outcome="timeout", verdict="retry"))
    metrics.read(msgspec.structs.replace(ATTEMPT, outcome="timeout", verdict="failed"))
    metrics.read(CommitEnded(members=3, duration_ms=1, moves={Move.SUCCEEDED: 1, Move.EXPIRED: 2, Move.GAVE_UP: 1}))
    metrics.read(CommitEnded(members=1, duration_ms=1, moves={Move.WITHDRAWN: 4, Move.PUT_OFF: 1, Move.QUEUED: 9}))
    seen = samples(metrics)
    assert (seen["tidings_attempts_total[ok]"], seen["tidings_attempts_total[timeout]"]) == (1, 2)
    assert seen["tidings_deliveries_ended_total[delivered]"] == 1
    assert seen["tidings_deliveries_ended_total[failed]"] == 3
    assert seen["tidings_deliveries_ended_total[cancelled]"] == 4
    assert seen["tidings_attempt_duration_seconds_count"] == 3
    assert seen["tidings_attempt_duration_seconds_sum"] == 0.09
    assert seen["tidings_attempt_lateness_seconds_bucket[0.0025]"] == 3
    assert seen["tidings_delivery_latency_seconds_bucket[0.05]"] == 3


def test_an_attempt_whose_lease_ran_out_is_counted_and_has_no_times() -> None:
    metrics = Metrics()
    lost = msgspec.structs.replace(ATTEMPT, outcome="lease_lost", duration_ms=None, lateness_ms=None, latency_ms=None)
    metrics.read(lost)
    seen = samples(metrics)
    assert seen["tidings_attempts_total[lease_lost]"] == 1
    assert seen["tidings_attempt_duration_seconds_count"] == 0
    assert seen["tidings_attempt_lateness_seconds_count"] == 0
    assert seen["tidings_delivery_latency_seconds_count"] == 0


def test_publishing_and_the_store_are_counted() -> None:
    metrics = Metrics()
    metrics.read(EventsPublished(count=10, duplicates=2, deliveries=7, unrouted=1))
    metrics.read(CommitEnded(members=12, duration_ms=4))
    metrics.read(LeaseLost("dlv_1", 1))
    metrics.read(LeasesRescued(3))
    metrics.read(SuspectSent("dlv_1", "wh_1", 3))
    seen = samples(metrics)
    assert seen["tidings_events_published_total"] == 10
    assert seen["tidings_events_duplicate_total"] == 2
    assert seen["tidings_events_unrouted_total"] == 1
    assert seen["tidings_deliveries_created_total"] == 7
    assert (seen["tidings_commit_members_sum"], seen["tidings_commit_duration_seconds_sum"]) == (12, 0.004)
    assert (seen["tidings_leases_lost_total"], seen["tidings_leases_rescued_total"]) == (1, 3)
    assert seen["tidings_attempts_apart_total"] == 1


def test_requests_questions_and_lookups_are_counted() -> None:
    metrics = Metrics()
    metrics.read(RequestAnswered("partner", 404, 3))
    metrics.read(RequestAnswered("platform", 202, 5))
    metrics.read(ReadEnded(2))
    metrics.read(NameLookedUp(found=True, duration_ms=20))
    metrics.read(NameLookedUp(found=False, duration_ms=2_500))
    seen = samples(metrics)
    assert (seen["tidings_http_requests_total[partner][4xx]"], seen["tidings_http_requests_total[platform][2xx]"]) == (
        1,
        1,
    )
    assert seen["tidings_http_request_duration_seconds_sum[platform]"] == 0.005
    assert seen["tidings_database_read_duration_seconds_sum"] == 0.002
    assert seen["tidings_dns_duration_seconds_sum[found]"] == 0.02
    assert seen["tidings_dns_duration_seconds_count[failed]"] == 1


def stand(**changed: object) -> Standing:
    tallied = {State.PENDING: 5, State.IN_FLIGHT: 2, State.DELIVERED: 7}
    found = {State.PENDING: 5, State.IN_FLIGHT: 2}
    plain = Standing(
        tallied=tallied,
        found=found,
        lanes=3,
        suspects=4,
        oldest_due_at=90 * SECOND,
        oldest_lease_until=NOON,
        processes=2,
    )
    return msgspec.structs.replace(plain, **changed)


NOON = 100 * SECOND


def standing_shown(*standings: Standing | None) -> dict[str, float]:
    metrics = Metrics()
    for standing in standings:
        metrics.gauges.set_standing(standing, now=NOON, lease=4 * SECOND)
    return samples(metrics)


def test_the_gauges_show_how_things_stand() -> None:
    seen = standing_shown(stand())
    shown = {state: seen[f"tidings_deliveries[{state.value}]"] for state in State}
    assert shown == dict.fromkeys(State, 0) | {State.PENDING: 5, State.IN_FLIGHT: 2, State.DELIVERED: 7}
    assert (seen["tidings_deliveries_fan_out"], seen["tidings_deliveries_unaccounted"]) == (14, 0)
    assert (seen["tidings_backlog_age_seconds[pending]"], seen["tidings_backlog_age_seconds[in_flight]"]) == (10, 4)
    assert (seen["tidings_backlog_lanes"], seen["tidings_processes"], seen["tidings_database_up"]) == (3, 2, 1)
    assert seen["tidings_suspects"] == 4


def test_what_is_due_later_and_what_is_not_there_have_no_age() -> None:
    seen = standing_shown(stand(), stand(oldest_due_at=NOON + SECOND, oldest_lease_until=None))
    assert (seen["tidings_backlog_age_seconds[pending]"], seen["tidings_backlog_age_seconds[in_flight]"]) == (0, 0)


def test_tallies_that_differ_from_what_is_there_are_seen() -> None:
    in_flight = standing_shown(stand(found={State.PENDING: 5, State.IN_FLIGHT: 1}))
    pending = standing_shown(stand(found={State.PENDING: 8, State.IN_FLIGHT: 2}))
    uncounted = standing_shown(stand(found={State.IN_FLIGHT: 2}))
    name = "tidings_deliveries_unaccounted"
    assert [seen[name] for seen in (in_flight, pending, uncounted)] == [1, -3, 0]


def test_a_database_that_is_down_leaves_what_it_told_last() -> None:
    seen = standing_shown(stand(), None)
    assert (seen["tidings_database_up"], seen["tidings_deliveries[delivered]"]) == (0, 7)


def test_the_gauges_show_what_the_engine_does() -> None:
    metrics = Metrics()
    lanes = Lanes(slots=10, lane_limit=4, first=2)
    lanes.take("busy", 2)
    lanes.take("failing", 1)
    for _ in range(3):
        lanes.finish("failing", succeeded=False)
        lanes.take("failing", 1)
    lanes.take_apart("suspected")
    metrics.gauges.set_load(lanes.load())
    seen = samples(metrics)
    assert (seen["tidings_slots"], seen["tidings_attempts_in_flight"]) == (10, 4)
    assert seen["tidings_attempts_in_flight_apart"] == 1
    assert seen["tidings_attempts_unsettled"] == 7
    assert [seen[f"tidings_lanes[{name}]"] for name in ("in_flight", "known", "doubtful")] == [3, 3, 3]


def test_webhooks_have_labels_of_their_own_only_as_far_as_a_setting_says() -> None:
    silent, two = Metrics(), Metrics(per_webhook=2)
    for number in range(9):
        attempt = msgspec.structs.replace(ATTEMPT, webhook=f"wh_{number}", outcome="ok" if number else "timeout")
        silent.read(attempt)
        two.read(attempt)
    counted = {name: count for name, count in samples(two).items() if "webhook_attempts_total" in name and count}
    assert counted == {
        "tidings_webhook_attempts_total[acme][failed][wh_0]": 1,
        "tidings_webhook_attempts_total[acme][ok][wh_1]": 1,
        "tidings_webhook_attempts_total[other][ok][other]": 7,
    }
    assert not any("webhook_attempts" in name for name in samples(silent))


def test_every_outcome_has_its_counter_from_the_start() -> None:
    seen = samples(Metrics())
    assert all(seen[f"tidings_attempts_total[{code.value}]"] == 0 for code in Code)


def test_unknown_words_share_one_label() -> None:
    metrics = Metrics()
    before = set(samples(metrics))
    for number in range(50):
        metrics.read(msgspec.structs.replace(ATTEMPT, outcome=f"odd-{number}", verdict=f"odd-{number}"))
        metrics.read(AccessRefused(f"api-{number}", "invalid_key", f"192.0.2.{number}"))
        metrics.read(RequestAnswered(f"api-{number}", 200, 1))
    assert set(samples(metrics)) == before
    assert samples(metrics)["tidings_attempts_total[other]"] == 50


def test_a_fact_without_a_number_changes_nothing_and_names_begin_alike() -> None:
    metrics = Metrics()
    before = without_the_process(samples(metrics))
    metrics.read(ServiceStopping())
    assert without_the_process(samples(metrics)) == before
    assert all(re.match(r"tidings_[a-z_]+", name) for name in before)
