"""Facts as numbers for Prometheus.

Owns the names of all metrics, which begin with ``tidings_``. Refuses labels without a bound: no partner, webhook or id
is ever one.
"""

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from tidings.core.model import State
from tidings.core.outcome import Code
from tidings.telemetry.facts import (
    AccessRefused,
    AttemptEnded,
    CommitEnded,
    DatabaseLost,
    DeliveriesExpired,
    EventsPublished,
    Fact,
    LeaseLost,
    LeasesRescued,
    RequestFailed,
    ServiceLoopFailed,
)

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_ENDS = (State.DELIVERED, State.FAILED, State.CANCELLED)
_APIS = ("partner", "platform")
_OTHER = "other"
_DURATIONS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_MS = 1_000


class Metrics:
    """One reader of facts, with a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._count_publishing()
        self._count_attempts()
        self._count_store()
        self._count_trouble()
        self._states = Gauge("tidings_deliveries", "Deliveries by state.", ["state"], registry=self._registry)
        self._readers: Mapping[type[Fact], Callable[[Any], None]] = {
            EventsPublished: self._events_published,
            AttemptEnded: self._attempt_ended,
            CommitEnded: self._commit_ended,
            LeaseLost: lambda _: self._leases_lost.inc(),
            LeasesRescued: lambda fact: self._leases_rescued.inc(fact.count),
            DeliveriesExpired: self._deliveries_expired,
            DatabaseLost: lambda _: self._database_lost.inc(),
            ServiceLoopFailed: lambda _: self._loops_failed.inc(),
            RequestFailed: lambda _: self._requests_failed.inc(),
            AccessRefused: self._access_refused,
        }

    def read(self, fact: Fact) -> None:
        """Count one fact. This is an ``Emit``."""
        reader = self._readers.get(type(fact))
        if reader is not None:
            reader(fact)

    def set_states(self, counts: Mapping[State, int]) -> None:
        """Set the gauge of deliveries by state; a state that is not named has none."""
        for state in State:
            self._states.labels(state=state.value).set(counts.get(state, 0))

    def exposition(self) -> bytes:
        """Return all metrics in the text format; its type is ``CONTENT_TYPE``."""
        return generate_latest(self._registry)

    def _count_publishing(self) -> None:
        registry = self._registry
        self._published = Counter("tidings_events_published", "Events accepted.", registry=registry)
        self._duplicates = Counter("tidings_events_duplicate", "Events accepted before already.", registry=registry)
        self._unrouted = Counter("tidings_events_unrouted", "Events that no webhook wanted.", registry=registry)
        self._created = Counter("tidings_deliveries_created", "Deliveries made by publishing.", registry=registry)

    def _count_attempts(self) -> None:
        registry = self._registry
        attempts = Counter("tidings_attempts", "Attempts by outcome.", ["outcome"], registry=registry)
        ended = Counter("tidings_deliveries_ended", "Deliveries ended by an attempt.", ["state"], registry=registry)
        # Looked up once: finding a labelled child costs more than counting.
        self._attempts = {name: attempts.labels(outcome=name) for name in (*(code.value for code in Code), _OTHER)}
        self._ended = {state.value: ended.labels(state=state.value) for state in _ENDS}
        self._duration = Histogram(
            "tidings_attempt_duration_seconds", "How long attempts took.", buckets=_DURATIONS, registry=registry
        )
        self._lateness = Histogram(
            "tidings_attempt_lateness_seconds",
            "How long after their due time attempts began.",
            buckets=_DURATIONS,
            registry=registry,
        )

    def _count_store(self) -> None:
        registry = self._registry
        self._commit_size = Histogram(
            "tidings_commit_members", "Writes that shared one commit.", buckets=_SIZES, registry=registry
        )
        self._commit_time = Histogram(
            "tidings_commit_duration_seconds", "How long commits took.", buckets=_DURATIONS, registry=registry
        )
        self._database_lost = Counter("tidings_database_lost", "Times the database went away.", registry=registry)

    def _count_trouble(self) -> None:
        registry = self._registry
        self._leases_lost = Counter("tidings_leases_lost", "Results that came too late.", registry=registry)
        self._leases_rescued = Counter("tidings_leases_rescued", "Leases that ran out.", registry=registry)
        self._loops_failed = Counter("tidings_loop_failures", "Unexpected errors in service loops.", registry=registry)
        self._requests_failed = Counter("tidings_request_failures", "Requests answered with 500.", registry=registry)
        refused = Counter("tidings_access_refused", "Callers refused, by API.", ["api"], registry=registry)
        self._refused = {api: refused.labels(api=api) for api in (*_APIS, _OTHER)}

    def _events_published(self, fact: EventsPublished) -> None:
        self._published.inc(fact.count)
        self._duplicates.inc(fact.duplicates)
        self._unrouted.inc(fact.unrouted)
        self._created.inc(fact.deliveries)

    def _attempt_ended(self, fact: AttemptEnded) -> None:
        self._attempts.get(fact.outcome, self._attempts[_OTHER]).inc()
        self._duration.observe(fact.duration_ms / _MS)
        self._lateness.observe(fact.lateness_ms / _MS)
        end = self._ended.get(fact.verdict)
        if end is not None:
            end.inc()

    def _commit_ended(self, fact: CommitEnded) -> None:
        self._commit_size.observe(fact.members)
        self._commit_time.observe(fact.duration_ms / _MS)

    def _deliveries_expired(self, fact: DeliveriesExpired) -> None:
        self._ended[State.FAILED.value].inc(fact.count)

    def _access_refused(self, fact: AccessRefused) -> None:
        self._refused.get(fact.api, self._refused[_OTHER]).inc()
