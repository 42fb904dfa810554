"""Facts become spans that find each other without anything kept for it."""

import msgspec

from tidings.core.instants import MILLISECOND
from tidings.telemetry.facts import AttemptEnded, EventsPublished, ServiceStopping
from tidings.telemetry.spans import Span, spans_of

NOW = 1_700_000_000_000_000
PUBLISHED = EventsPublished(
    2, 0, 2, 0, events=("evt_1", "evt_2"), began_at=NOW - 9 * MILLISECOND, checked_at=NOW - 8 * MILLISECOND
)
ATTEMPT = AttemptEnded(
    delivery="dlv_1",
    event="evt_1",
    event_type="user.verified",
    webhook="wh_1",
    partner="acme",
    number=1,
    outcome="ok",
    http_status=200,
    duration_ms=30,
    lateness_ms=2,
    latency_ms=32,
    verdict="delivered",
    ended_at=NOW - MILLISECOND,
    next_due_at=None,
)


def spans(fact: EventsPublished | AttemptEnded) -> list[Span]:
    return list(spans_of(fact, NOW))


def test_each_event_of_a_publication_has_a_trace_of_its_own() -> None:
    one, its_commit, two, _ = spans(PUBLISHED)
    assert one.trace == its_commit.trace != two.trace
    assert (one.parent, its_commit.parent) == (None, one.id)
    assert (one.began_at, its_commit.began_at, one.ended_at) == (PUBLISHED.began_at, PUBLISHED.checked_at, NOW)


def test_an_attempt_joins_the_trace_of_its_event() -> None:
    publication = spans(PUBLISHED)[0]
    attempt, commit = spans(ATTEMPT)
    assert (attempt.trace, attempt.parent) == (publication.trace, publication.id)
    assert (commit.trace, commit.parent) == (publication.trace, attempt.id)
    assert (attempt.began_at, attempt.ended_at) == (NOW - 31 * MILLISECOND, NOW - MILLISECOND)
    assert (commit.began_at, commit.ended_at) == (NOW - MILLISECOND, NOW)
    assert not attempt.failed


def test_another_attempt_or_delivery_is_another_span() -> None:
    others = [msgspec.structs.replace(ATTEMPT, number=2), msgspec.structs.replace(ATTEMPT, delivery="dlv_2")]
    ids = [span.id for fact in (ATTEMPT, *others) for span in spans(fact)]
    assert len(set(ids)) == 6


def test_an_attempt_whose_duration_nobody_knows_has_none() -> None:
    lost = msgspec.structs.replace(ATTEMPT, outcome="lease_lost", duration_ms=None, http_status=None)
    attempt, _ = spans(lost)
    assert (attempt.began_at, attempt.failed) == (attempt.ended_at, True)
    assert "http.response.status_code" not in attempt.attributes


def test_other_facts_are_no_spans() -> None:
    assert list(spans_of(ServiceStopping(), NOW)) == []


def test_a_part_of_the_events_is_chosen_by_every_process_alike() -> None:
    names = tuple(f"evt_{number}" for number in range(2_000))
    published = msgspec.structs.replace(PUBLISHED, events=names)
    roots = {span.trace for span in spans_of(published, NOW, sample=0.25)}
    attempts = {
        span.trace
        for name in names
        for span in spans_of(msgspec.structs.replace(ATTEMPT, event=name), NOW, sample=0.25)
    }
    assert roots == attempts
    assert 400 < len(roots) < 600
    assert list(spans_of(published, NOW, sample=0)) == []
