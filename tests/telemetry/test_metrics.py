"""Facts become numbers under stable names, and no label grows without a bound."""

import re

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from tidings.core.model import State
from tidings.core.outcome import Code
from tidings.telemetry.facts import (
    AccessRefused,
    AttemptEnded,
    CommitEnded,
    DeliveriesExpired,
    EventsPublished,
    LeaseLost,
    LeasesRescued,
    ServiceStopping,
)
from tidings.telemetry.metrics import Metrics

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
    verdict="delivered",
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


def test_attempts_are_counted_by_outcome_and_deliveries_by_end() -> None:
    metrics = Metrics()
    metrics.read(ATTEMPT)
    metrics.read(msgspec.structs.replace(ATTEMPT, outcome="timeout", verdict="retry"))
    metrics.read(msgspec.structs.replace(ATTEMPT, outcome="timeout", verdict="failed"))
    metrics.read(DeliveriesExpired(2))
    seen = samples(metrics)
    assert (seen["tidings_attempts_total[ok]"], seen["tidings_attempts_total[timeout]"]) == (1, 2)
    assert seen["tidings_deliveries_ended_total[delivered]"] == 1
    assert seen["tidings_deliveries_ended_total[failed]"] == 3
    assert seen["tidings_attempt_duration_seconds_count"] == 3
    assert seen["tidings_attempt_duration_seconds_sum"] == 0.09
    assert seen["tidings_attempt_lateness_seconds_bucket[0.0025]"] == 3


def test_publishing_and_the_store_are_counted() -> None:
    metrics = Metrics()
    metrics.read(EventsPublished(count=10, duplicates=2, deliveries=7, unrouted=1))
    metrics.read(CommitEnded(members=12, duration_ms=4))
    metrics.read(LeaseLost("dlv_1", 1))
    metrics.read(LeasesRescued(3))
    seen = samples(metrics)
    assert seen["tidings_events_published_total"] == 10
    assert seen["tidings_events_duplicate_total"] == 2
    assert seen["tidings_events_unrouted_total"] == 1
    assert seen["tidings_deliveries_created_total"] == 7
    assert (seen["tidings_commit_members_sum"], seen["tidings_commit_duration_seconds_sum"]) == (12, 0.004)
    assert (seen["tidings_leases_lost_total"], seen["tidings_leases_rescued_total"]) == (1, 3)


def test_the_gauge_shows_every_state() -> None:
    metrics = Metrics()
    metrics.set_states({State.PENDING: 5, State.DELIVERED: 7})
    metrics.set_states({State.DELIVERED: 8})
    seen = samples(metrics)
    shown = {state: seen[f"tidings_deliveries[{state.value}]"] for state in State}
    assert shown == dict.fromkeys(State, 0) | {State.DELIVERED: 8}


def test_every_outcome_has_its_counter_from_the_start() -> None:
    seen = samples(Metrics())
    assert all(seen[f"tidings_attempts_total[{code.value}]"] == 0 for code in Code)


def test_unknown_words_share_one_label() -> None:
    metrics = Metrics()
    before = set(samples(metrics))
    for number in range(50):
        metrics.read(msgspec.structs.replace(ATTEMPT, outcome=f"odd-{number}", verdict=f"odd-{number}"))
        metrics.read(AccessRefused(f"api-{number}", "invalid_key", f"192.0.2.{number}"))
    assert set(samples(metrics)) == before
    assert samples(metrics)["tidings_attempts_total[other]"] == 50


def test_a_fact_without_a_number_changes_nothing_and_names_begin_alike() -> None:
    metrics = Metrics()
    before = samples(metrics)
    metrics.read(ServiceStopping())
    assert samples(metrics) == before
    assert all(re.match(r"tidings_[a-z_]+", name) for name in before)
