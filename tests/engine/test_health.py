"""Which webhooks fail, as one process hears it."""

import msgspec
import pytest

from support.stepped_clock import START, SteppedClock
from tidings.core.instants import SECOND
from tidings.core.operational_events import PARTNER
from tidings.engine.health import Health
from tidings.store.conditions import Failing
from tidings.telemetry.facts import AttemptEnded, ServiceStopping

FAILED = AttemptEnded(
    delivery="dlv_1",
    event="evt_1",
    event_type="user.verified",
    webhook="wh_1",
    partner="acme",
    number=1,
    outcome="timeout",
    http_status=None,
    duration_ms=1,
    lateness_ms=0,
    latency_ms=None,
    verdict="retry",
    ended_at=1_700_000_000_000_000,
    next_due_at=None,
)
ARRIVED = msgspec.structs.replace(FAILED, outcome="ok", verdict="delivered")
KNOWN = Failing("wh_1", "acme", START, START, "timeout", None)


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def health(clock: SteppedClock) -> Health:
    return Health(clock)


def test_failures_are_kept_from_the_first_to_the_last(clock: SteppedClock, health: Health) -> None:
    health.read(FAILED)
    clock.pass_(5 * SECOND)
    health.read(msgspec.structs.replace(FAILED, outcome="http_status"))
    (failure,) = health.failures()
    assert (failure.failing_since, failure.last_failed_at) == (START, START + 5 * SECOND)
    assert (failure.webhook_id, failure.partner_id, failure.last_outcome) == ("wh_1", "acme", "http_status")


def test_a_success_ends_what_was_heard_before_it(clock: SteppedClock, health: Health) -> None:
    health.read(FAILED)
    clock.pass_(SECOND)
    health.read(ARRIVED)
    assert health.failures() == []
    assert health.recovered_at(KNOWN) == START + SECOND


def test_a_success_before_it_began_to_fail_is_no_recovery(clock: SteppedClock, health: Health) -> None:
    health.read(ARRIVED)
    clock.pass_(SECOND)
    began_later = msgspec.structs.replace(KNOWN, failing_since=clock.now())
    assert health.recovered_at(began_later) is None
    assert health.recovered_at(msgspec.structs.replace(KNOWN, webhook_id="wh_2")) is None


def test_what_is_written_down_is_forgotten_and_what_came_meanwhile_is_not(clock: SteppedClock, health: Health) -> None:
    health.read(FAILED)
    health.read(msgspec.structs.replace(FAILED, webhook="wh_2"))
    written = health.failures()
    clock.pass_(SECOND)
    health.read(FAILED)
    health.forget(written)
    assert [failure.webhook_id for failure in health.failures()] == ["wh_1"]


@pytest.mark.parametrize(
    "fact",
    [
        msgspec.structs.replace(FAILED, outcome="lease_lost"),
        msgspec.structs.replace(FAILED, partner=PARTNER),
        ServiceStopping(),
    ],
)
def test_a_lost_lease_the_operations_webhook_and_other_facts_tell_nothing(health: Health, fact: AttemptEnded) -> None:
    health.read(fact)
    assert health.failures() == []
