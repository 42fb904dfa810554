"""Facts as numbers for Prometheus.

Owns the names of all counters and histograms. Refuses labels without a bound: no URL, key or id is ever one, and a
partner's webhook only when a setting says for how many (``webhook_metrics``).
"""

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from tidings.core.delivery import ENDED, TRANSITIONS, Move
from tidings.core.operational_events import TYPES
from tidings.core.outcome import Code
from tidings.telemetry.facts import (
    AccessRefused,
    AttemptEnded,
    CommitEnded,
    DatabaseLost,
    EventsPublished,
    Fact,
    LeaseLost,
    LeasesRescued,
    NameLookedUp,
    OperationalEventTold,
    ReadEnded,
    RequestAnswered,
    RequestFailed,
    ServiceLoopFailed,
    SpansLost,
    SuspectSent,
)
from tidings.telemetry.gauges import Gauges
from tidings.telemetry.pruning_facts import PartitionDropped, RowsPruned
from tidings.telemetry.shelf import Described, Shelf
from tidings.telemetry.webhook_metrics import WebhookMetrics

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_APIS = ("partner", "platform", "console", "portal")
_OTHER = "other"
_STATUS_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
_ASKED = (True, False)
_DURATIONS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LATENCIES = (*_DURATIONS, 60.0, 120.0, 300.0, 600.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_MS = 1_000


class Metrics:
    """One reader of facts, with a registry of its own. ``per_webhook`` webhooks at most get labels of their own."""

    def __init__(self, *, per_webhook: int = 0) -> None:
        self._shelf = Shelf()
        self.gauges = Gauges(self._shelf)
        self._webhooks = WebhookMetrics(self._shelf, most=per_webhook)
        self._count_publishing()
        self._count_attempts()
        self._count_store()
        self._count_requests()
        self._count_trouble()
        self._readers: Mapping[type[Fact], Callable[[Any], None]] = {
            EventsPublished: self._events_published,
            AttemptEnded: self._attempt_ended,
            CommitEnded: self._commit_ended,
            ReadEnded: lambda fact: self._read_time.observe(fact.duration_ms / _MS),
            NameLookedUp: lambda fact: self._lookup_time[fact.found].observe(fact.duration_ms / _MS),
            RequestAnswered: self._request_answered,
            LeaseLost: lambda _: self._leases_lost.inc(),
            LeasesRescued: lambda fact: self._leases_rescued.inc(fact.count),
            SuspectSent: lambda _: self._sent_apart.inc(),
            RowsPruned: lambda fact: self._pruned.inc(fact.count),
            PartitionDropped: lambda _: self._dropped.inc(),
            DatabaseLost: lambda _: self._database_lost.inc(),
            ServiceLoopFailed: lambda _: self._loops_failed.inc(),
            RequestFailed: lambda _: self._requests_failed.inc(),
            SpansLost: lambda fact: self._spans_lost.inc(fact.count),
            OperationalEventTold: lambda fact: self._operational[fact.event_type].inc(),
            AccessRefused: lambda fact: self._refused.get(fact.api, self._refused[_OTHER]).inc(),
        }

    def read(self, fact: Fact) -> None:
        """Count one fact. This is an ``Emit``."""
        reader = self._readers.get(type(fact))
        if reader is not None:
            reader(fact)

    def exposition(self) -> bytes:
        """Return all metrics in the text format; its type is ``CONTENT_TYPE``."""
        return self._shelf.exposition()

    def described(self) -> list[Described]:
        """Return what there is, for ``docs/metrics.md``."""
        return self._shelf.described()

    # Every labelled child is looked up once: finding it costs more than counting.

    def _count_publishing(self) -> None:
        shelf = self._shelf
        self._published = shelf.counter("tidings_events_published", "Events accepted.")
        self._duplicates = shelf.counter("tidings_events_duplicate", "Events that had been accepted before already.")
        self._unrouted = shelf.counter("tidings_events_unrouted", "Events that no webhook wanted.")
        self._created = shelf.counter("tidings_deliveries_created", "Deliveries made by publishing.")

    def _count_attempts(self) -> None:
        shelf = self._shelf
        attempts = shelf.counter("tidings_attempts", "Attempts by outcome.", "outcome")
        self._attempts = {name: attempts.labels(outcome=name) for name in (*(code.value for code in Code), _OTHER)}
        self._sent_apart = shelf.counter("tidings_attempts_apart", "Attempts of suspects begun, apart from the others.")
        self._duration = shelf.histogram(
            "tidings_attempt_duration_seconds", "How long attempts took.", buckets=_DURATIONS
        )
        self._lateness = shelf.histogram(
            "tidings_attempt_lateness_seconds", "How long after their due time attempts began.", buckets=_LATENCIES
        )
        self._latency = shelf.histogram(
            "tidings_delivery_latency_seconds",
            "From the moment a delivery was made until its receiver had it, retries included.",
            buckets=_LATENCIES,
        )

    def _count_store(self) -> None:
        shelf = self._shelf
        ended = shelf.counter("tidings_deliveries_ended", "Deliveries ended by this process, by how.", "state")
        self._ended = {state: ended.labels(state=state.value) for state in ENDED}
        self._commit_size = shelf.histogram("tidings_commit_members", "Writes that shared one commit.", buckets=_SIZES)
        self._commit_time = shelf.histogram(
            "tidings_commit_duration_seconds", "How long commits took, their statements included.", buckets=_DURATIONS
        )
        self._read_time = shelf.histogram(
            "tidings_database_read_duration_seconds", "How long questions to the database took.", buckets=_DURATIONS
        )
        self._pruned = shelf.counter("tidings_rows_pruned", "Rows removed because they were older than is kept.")
        self._dropped = shelf.counter("tidings_partitions_dropped", "Partitions dropped, likewise.")
        self._database_lost = shelf.counter("tidings_database_lost", "Times the database went away.")
        lookups = shelf.histogram(
            "tidings_dns_duration_seconds",
            "How long the name servers took; names known already are not asked for.",
            "result",
            buckets=_DURATIONS,
        )
        self._lookup_time = {found: lookups.labels(result="found" if found else "failed") for found in _ASKED}

    def _count_requests(self) -> None:
        requests = self._shelf.counter("tidings_http_requests", "Requests to us.", "api", "status")
        times = self._shelf.histogram(
            "tidings_http_request_duration_seconds", "How long they took us.", "api", buckets=_DURATIONS
        )
        apis = (*_APIS, _OTHER)
        self._requests = {
            (api, status): requests.labels(api=api, status=status) for api in apis for status in _STATUS_CLASSES
        }
        self._request_time = {api: times.labels(api=api) for api in apis}

    def _count_trouble(self) -> None:
        shelf = self._shelf
        self._leases_lost = shelf.counter(
            "tidings_leases_lost", "Results that came after their lease had run out, and were not recorded."
        )
        self._leases_rescued = shelf.counter(
            "tidings_leases_rescued", "Leases that had run out, and whose deliveries were taken back."
        )
        self._loops_failed = shelf.counter("tidings_loop_failures", "Unexpected errors in service loops.")
        self._requests_failed = shelf.counter("tidings_request_failures", "Requests that failed by a fault of ours.")
        self._spans_lost = shelf.counter("tidings_spans_lost", "Spans that the collector of traces did not take.")
        told = shelf.counter("tidings_operational_events", "Events stored for the operations' webhook.", "type")
        self._operational = {kind: told.labels(type=kind) for kind in TYPES}
        refused = shelf.counter("tidings_access_refused", "Callers refused.", "api")
        self._refused = {api: refused.labels(api=api) for api in (*_APIS, _OTHER)}

    def _events_published(self, fact: EventsPublished) -> None:
        self._published.inc(fact.count)
        self._duplicates.inc(fact.duplicates)
        self._unrouted.inc(fact.unrouted)
        self._created.inc(fact.deliveries)

    def _attempt_ended(self, fact: AttemptEnded) -> None:
        self._attempts.get(fact.outcome, self._attempts[_OTHER]).inc()
        if fact.duration_ms is not None:
            self._duration.observe(fact.duration_ms / _MS)
        if fact.lateness_ms is not None:
            self._lateness.observe(fact.lateness_ms / _MS)
        if fact.latency_ms is not None:
            self._latency.observe(fact.latency_ms / _MS)
        self._webhooks.attempt_ended(fact)

    def _commit_ended(self, fact: CommitEnded) -> None:
        self._commit_size.observe(fact.members)
        self._commit_time.observe(fact.duration_ms / _MS)
        for move, count in fact.moves.items():
            self._moved(move, count)

    def _moved(self, move: Move, count: int) -> None:
        end = self._ended.get(TRANSITIONS[move][1])
        if end is not None:
            end.inc(count)

    def _request_answered(self, fact: RequestAnswered) -> None:
        api = fact.api if fact.api in self._request_time else _OTHER
        # What the protocol lets through is between 100 and 599.
        self._requests[api, f"{fact.status // 100}xx"].inc()
        self._request_time[api].observe(fact.duration_ms / _MS)
