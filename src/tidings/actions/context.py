"""What every action works with.

Owns the face that the engine shows to actions (``Handover``): actions may offer it fresh work, and never call it
otherwise.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec
from msgspec import Struct

from tidings.clock import Clock
from tidings.core.audit import Actor
from tidings.core.callback_url import EgressRules
from tidings.core.instants import SECOND, Instant, Span
from tidings.core.model import Lease
from tidings.core.rate import Rate
from tidings.core.retention import Retention
from tidings.core.retry import Schedule
from tidings.sender.sender import Sender
from tidings.store.store import Store
from tidings.telemetry.facts import Emit


class Handover(Protocol):
    """The engine of this process, as those see it who commit new deliveries."""

    def reserve(self, webhook: str) -> bool:
        """Take a free slot for a delivery of ``webhook`` if there is one. Safe to call from any thread."""
        ...

    def give_back(self, webhook: str) -> None:
        """Return a slot whose delivery was not committed."""
        ...

    def begin(self, leases: Sequence[Lease]) -> None:
        """Make attempts for which slots were reserved and whose leases are committed."""
        ...

    def notice(self, webhooks: Iterable[str], due_at: Instant) -> None:
        """Learn that these webhooks have something due at ``due_at``."""
        ...


class NoEngine:
    """Stands where no engine runs, as in the command line's administration: everything stays for the service."""

    def reserve(self, webhook: str) -> bool:  # noqa: ARG002 - the protocol's face
        return False

    def give_back(self, webhook: str) -> None:
        """Nothing was taken."""

    def begin(self, leases: Sequence[Lease]) -> None:
        """Nothing was reserved."""

    def notice(self, webhooks: Iterable[str], due_at: Instant) -> None:
        """Leave them to the service's polling."""


class SessionTimes(Struct, frozen=True, kw_only=True):
    """How long operators stay logged in, at rest and at all; how long a partner's link and visit last."""

    idle: Span = 3_600 * SECOND
    longest: Span = 43_200 * SECOND
    portal_link: Span = 300 * SECOND
    portal: Span = 3_600 * SECOND


class Operations(Struct, frozen=True, kw_only=True):
    """When something is told to whoever runs the platform."""

    failing_after: Span
    backlog: int


class Limits(Struct, frozen=True, kw_only=True):
    """The installation's numbers that actions need."""

    webhooks_per_partner: int = 1
    rate_limit: Rate = Rate(100, 10)
    attempt_timeout: Span = 30 * SECOND
    lease: Span = 60 * SECOND
    schedule: Schedule = Schedule()
    retention: Retention = Retention()
    event_id_header: str | None = None
    sessions: SessionTimes = SessionTimes()
    operations: Operations | None = None


class Context(Struct, frozen=True, kw_only=True):
    """The first argument of every action. ``actor`` is who asks: without one, nothing may be asked that is audited."""

    store: Store
    clock: Clock
    entropy: Callable[[int], bytes]
    emit: Emit
    sender: Sender
    rules: EgressRules
    limits: Limits
    engine: Handover
    actor: Actor | None = None

    def by(self, actor: Actor) -> "Context":
        """Return the same context in the hands of ``actor``."""
        return msgspec.structs.replace(self, actor=actor)
