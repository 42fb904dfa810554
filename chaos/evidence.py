"""The three ledgers side by side, by the event's marker.

Owns how they are read and joined. Refuses to judge: ``chaos.checks`` does.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import Struct

from chaos import database
from chaos.ledgers import Broken, Offered, Received, Refused, Told, read_publisher, read_receiver
from chaos.traffic import marker_in


class Cut(Struct, frozen=True):
    """A moment at which attempts in flight may have been cut off, with the deliveries whose attempts those were."""

    at: int
    in_flight: list[str]


class Terms(Struct, frozen=True, kw_only=True):
    """The promises of this run: its retry schedule in microseconds. ``trusted_time`` is False where clocks jumped.

    ``recovery`` is within what cut-off work must be taken up again, where that is judged.
    """

    window: int
    base: int
    cap: int
    jitter: float
    timeout: int
    lease: int
    trusted_time: bool = True
    recovery: int | None = None


class Order(Struct, frozen=True, kw_only=True):
    """What the checker is to look at.

    ``downs`` are the times, from and to, at which nothing could be written. ``outages`` are those, from and to, between
    which a service that stayed up had to refuse, and after which it had to resume unaided. ``poison`` are the events
    that killed the service each time that they were sent.
    """

    publisher: str
    receiver: str
    url: str
    terms: Terms
    cuts: list[Cut]
    downs: list[tuple[int, int]]
    faults: int
    bad_exits: int = 0
    outages: list[tuple[int, int]] = []
    poison: list[str] = []


class AttemptRow(Struct, frozen=True, array_like=True):
    """An attempt on record."""

    delivery: str
    number: int
    started_at: int
    duration_ms: int | None
    outcome: str | None
    signature: str | None

    @property
    def ended_at(self) -> int | None:
        return None if self.duration_ms is None else self.started_at + self.duration_ms * 1000


@dataclass(frozen=True, kw_only=True)
class DeliveryRow:
    """A delivery on record, with its attempts in order."""

    id: str
    event: str
    marker: str
    state: str
    attempts: int
    leases_lost: int
    first_attempt_at: int | None
    finished_at: int | None
    log: list[AttemptRow] = field(default_factory=list)

    @property
    def lost_leases(self) -> int:
        return sum(attempt.outcome == "lease_lost" for attempt in self.log)


@dataclass(kw_only=True)
class Evidence:
    """Everything that is known of one run."""

    order: Order
    offered: dict[str, Offered] = field(default_factory=dict)
    told: dict[str, list[Told]] = field(default_factory=lambda: defaultdict(list))
    refused: list[Refused] = field(default_factory=list)
    broken: int = 0
    received: dict[str, list[Received]] = field(default_factory=lambda: defaultdict(list))
    events: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    routed: int = 0
    deliveries: dict[str, DeliveryRow] = field(default_factory=dict)
    of_marker: dict[str, list[DeliveryRow]] = field(default_factory=lambda: defaultdict(list))
    states: dict[str, int] = field(default_factory=dict)
    tallies: dict[str, int] = field(default_factory=dict)


def gather(order: Order) -> Evidence:
    """Read all three ledgers."""
    evidence = Evidence(order=order)
    _gather_publisher(evidence)
    for request in read_receiver(Path(order.receiver)):
        evidence.received[request.marker].append(request)
    _gather_database(evidence)
    return evidence


def _gather_publisher(evidence: Evidence) -> None:
    for line in read_publisher(Path(evidence.order.publisher)):
        match line:
            case Offered():
                evidence.offered[line.marker] = line
            case Told():
                evidence.told[line.marker].append(line)
            case Refused():
                evidence.refused.append(line)
            case Broken():
                evidence.broken += 1


def _gather_database(evidence: Evidence) -> None:
    url = evidence.order.url
    for event, payload, unrouted, *row in database.rows(url, database.DELIVERIES):
        marker = marker_in(payload)
        evidence.events[marker].append(event)
        if unrouted is None:
            evidence.routed += 1
        if row[0] is not None:
            _add_delivery(evidence, event, marker, row)
    attempts = [AttemptRow(*row) for row in database.rows(url, database.ATTEMPTS)]
    for attempt in sorted(attempts, key=lambda one: one.number):
        evidence.deliveries[attempt.delivery].log.append(attempt)
    evidence.states = dict.fromkeys(database.TALLIED, 0) | {
        row[0]: row[1] for row in database.rows(url, database.STATES)
    }
    ((*sums,),) = database.rows(url, database.TALLIES)
    evidence.tallies = dict(zip(database.TALLIED, map(int, sums), strict=True))


def _add_delivery(evidence: Evidence, event: str, marker: str, row: Iterable[object]) -> None:
    names = ("id", "state", "attempts", "leases_lost", "first_attempt_at", "finished_at")
    values: dict[str, object] = dict(zip(names, row, strict=True))
    delivery = DeliveryRow(event=event, marker=marker, **values)  # type: ignore[arg-type] # as the columns are
    evidence.deliveries[delivery.id] = delivery
    evidence.of_marker[marker].append(delivery)
