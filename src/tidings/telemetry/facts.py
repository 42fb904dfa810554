"""What happened, as values in the past tense: one small struct for each kind of fact.

Owns the names and fields of all facts. Refuses wording (``logs``) and counting (``metrics``), and any field that could
hold a secret, a body or a signature.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

from tidings.core.delivery import Move
from tidings.core.instants import Instant
from tidings.telemetry.pruning_facts import PartitionDropped, PartitionsMade, PruningPutOff, RowsPruned


class ServiceStarted(Struct, frozen=True):
    """The service answers at ``url``."""

    url: str
    role: str


class ServiceStopping(Struct, frozen=True):
    """The service was asked to stop and drains."""


class ServiceStopped(Struct, frozen=True):
    """The service, which had started, is done."""


class EventsPublished(Struct, frozen=True):
    """One publication was committed; ``count`` holds the duplicates and the unrouted too.

    ``events`` are the ids of the new ones, ``began_at`` and ``checked_at`` when it came and when its commit began.
    """

    count: int
    duplicates: int
    deliveries: int
    unrouted: int
    events: tuple[str, ...] = ()
    began_at: Instant = 0
    checked_at: Instant = 0


class AttemptEnded(Struct, frozen=True, kw_only=True):
    """One attempt of a delivery was made, judged and recorded.

    ``lateness_ms`` is how long after its due time it began, ``latency_ms`` how long after the delivery was made the
    receiver's success came. ``next_due_at`` is set when another attempt follows. Of an attempt whose lease ran out,
    nobody knows how long it took or how late it was.
    """

    delivery: str
    event: str
    event_type: str
    webhook: str
    partner: str
    number: int
    outcome: str
    http_status: int | None
    duration_ms: float | None
    lateness_ms: float | None
    latency_ms: float | None
    verdict: str
    ended_at: Instant
    next_due_at: Instant | None


class LeaseLost(Struct, frozen=True):
    """An attempt's result came after its lease had gone to somebody else; nothing was recorded."""

    delivery: str
    number: int


class LeasesRescued(Struct, frozen=True):
    """Leases had run out; their deliveries are offered again or have failed for good."""

    count: int


class SuspectSent(Struct, frozen=True):
    """What lost its lease again and again is sent once more, apart from the others."""

    delivery: str
    webhook: str
    number: int


class DeliveriesExpired(Struct, frozen=True):
    """Deliveries ended ``failed`` because their retry window closed before another attempt."""

    count: int


class CommitEnded(Struct, frozen=True):
    """A group commit ended, whether or not it could be written. ``moves`` counts the deliveries that it moved."""

    members: int
    duration_ms: float
    moves: Mapping[Move, int] = {}


class ReadEnded(Struct, frozen=True):
    """A question to the database ended, whether or not it was answered."""

    duration_ms: float


class NameLookedUp(Struct, frozen=True):
    """The name servers were asked for a receiver's name; ``found`` tells whether they gave an address."""

    found: bool
    duration_ms: float


class RequestAnswered(Struct, frozen=True):
    """A request to us was answered, the whole of it."""

    api: str
    status: int
    duration_ms: float


class DatabaseLost(Struct, frozen=True):
    """The database does not answer; ``error`` is our own text, free of secrets."""

    error: str


class DatabaseBack(Struct, frozen=True):
    """The database answers again."""

    after_ms: float


class ClockJumped(Struct, frozen=True):
    """The wall clock was set; ``by_ms`` is more than 0 when it went ahead."""

    by_ms: float


class ServiceLoopFailed(Struct, frozen=True):
    """A loop of the service met an error that it did not expect, and goes on. ``place`` is where in our code."""

    loop: str
    error: str
    place: str = ""


class AccessRefused(Struct, frozen=True):
    """A caller was refused; ``code`` is the stable code of the error."""

    api: str
    code: str
    address: str | None


class WebhookRegistered(Struct, frozen=True):
    """A partner registered a webhook."""

    webhook: str
    partner: str


class WebhookUpdated(Struct, frozen=True):
    """A webhook was changed."""

    webhook: str
    partner: str


class WebhookDeleted(Struct, frozen=True):
    """A webhook was deleted."""

    webhook: str
    partner: str


class WebhookTested(Struct, frozen=True):
    """A partner asked for a test call; ``outcome`` is the code of how it ended."""

    webhook: str
    partner: str
    outcome: str


class WebhookSecretRotated(Struct, frozen=True):
    """A webhook got a new signing secret."""

    webhook: str
    partner: str


class PartnerCreated(Struct, frozen=True):
    """A partner was created."""

    partner: str


class PartnerDisabled(Struct, frozen=True):
    """A partner was disabled."""

    partner: str


class OperationalEventTold(Struct, frozen=True):
    """An event about the platform itself was stored, to be sent to the operations' webhook."""

    event_type: str
    event: str


class SpansLost(Struct, frozen=True):
    """So many spans could not be handed to the collector."""

    count: int


class RedeliveryStarted(Struct, frozen=True):
    """Somebody asked to have many deliveries sent again; ``total`` is None when they were too many to count."""

    redelivery: str
    total: int | None


class RedeliveryEnded(Struct, frozen=True):
    """A redelivery went through all it was to look at, or was cancelled; ``made`` new deliveries are its result."""

    redelivery: str
    state: str
    made: int


class RequestFailed(Struct, frozen=True):
    """A request to us ended in an error that is ours (500). ``place`` is where in our code."""

    trace_id: str
    error_type: str
    place: str = ""


Fact: TypeAlias = (
    ServiceStarted
    | ServiceStopping
    | ServiceStopped
    | EventsPublished
    | AttemptEnded
    | LeaseLost
    | LeasesRescued
    | SuspectSent
    | DeliveriesExpired
    | RowsPruned
    | PartitionsMade
    | PartitionDropped
    | PruningPutOff
    | CommitEnded
    | ReadEnded
    | NameLookedUp
    | RequestAnswered
    | DatabaseLost
    | DatabaseBack
    | ClockJumped
    | ServiceLoopFailed
    | AccessRefused
    | WebhookRegistered
    | WebhookUpdated
    | WebhookDeleted
    | WebhookTested
    | WebhookSecretRotated
    | PartnerCreated
    | PartnerDisabled
    | OperationalEventTold
    | SpansLost
    | RedeliveryStarted
    | RedeliveryEnded
    | RequestFailed
)

Emit: TypeAlias = Callable[[Fact], None]
"""Tells a fact to whoever reads facts. Never raises, never waits."""


def tell_nobody(_fact: Fact) -> None:
    """Drop a fact: where nobody reads them, as in the command line, which tells its results itself. An ``Emit``."""
