"""What a scenario wants around it: how many processes, which load, which receivers, which database.

Owns these choices and the settings that every run shares. Short times, so that recovery is seen often.
"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field, structs

from chaos.behaviours import Behaviour
from chaos.evidence import Terms

_SECOND = 1_000_000

SETTINGS = {
    "TIDINGS_ATTEMPT_TIMEOUT": "2",
    "TIDINGS_LEASE": "4",
    "TIDINGS_RETRY_BASE": "0.2",
    "TIDINGS_RETRY_CAP": "4",
    "TIDINGS_RETRY_JITTER": "0.2",
    # Longer than a start takes on a busy machine: what fails for good meanwhile would say nothing about what is lost.
    "TIDINGS_RETRY_WINDOW": "120",
    "TIDINGS_RATE_LIMIT": "100000/100000",
    "TIDINGS_RATE_LIMIT_ADDRESS": "100000/100000",
    "TIDINGS_DRAIN_TIMEOUT": "10",
    "TIDINGS_EVENT_ID_HEADER": "X-Event-Id",
}
LEASE_S = 4.0
_RESCUED_WITHIN = 2 * _SECOND


class Kind(StrEnum):
    """Which database."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class Load(Struct, frozen=True, kw_only=True):
    """How events are published; see ``chaos.publisher.Order``."""

    rate: int = 300
    size: int = 10
    connections: int = 4
    twins: int = 1
    is_fixed: bool = False

    def at_pace(self, pace: int) -> "Load":
        """Return the load of a run that is so many times faster, where the scenario does not depend on it."""
        return self if self.is_fixed else structs.replace(self, rate=self.rate * pace)


class Layout(Struct, frozen=True, kw_only=True):
    """What is up. ``processes`` counts on PostgreSQL; SQLite has one. ``small`` puts the tables on a small disk.

    ``proxied`` lets the processes reach PostgreSQL through ``chaos.proxy`` only. ``patience_s`` is how much longer a
    backlog may take whose first attempts are still to come. ``prompt`` has the time of recovery judged: only where it
    does not wait for a start, since how long that takes is the machine's affair.
    """

    load: Load = field(default_factory=Load)
    processes: int = 2
    receivers: tuple[Behaviour, ...] = (Behaviour.SLOW, Behaviour.SLOW, Behaviour.SLOW, Behaviour.MOODY)
    proxied: bool = False
    small: bool = False
    trusted_time: bool = True
    prompt: bool = False
    patience_s: float = 0
    bug: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    def faults(self) -> list[str]:
        """Return what every process is started with."""
        return [] if self.bug is None else ["--bug", self.bug]

    def all_settings(self) -> dict[str, str]:
        return SETTINGS | dict(self.settings)

    def terms(self) -> Terms:
        chosen = self.all_settings()

        def span(name: str) -> int:
            return round(float(chosen[f"TIDINGS_{name}"]) * _SECOND)

        return Terms(
            window=span("RETRY_WINDOW"),
            base=span("RETRY_BASE"),
            cap=span("RETRY_CAP"),
            jitter=float(chosen["TIDINGS_RETRY_JITTER"]),
            timeout=span("ATTEMPT_TIMEOUT"),
            lease=span("LEASE"),
            trusted_time=self.trusted_time,
            recovery=span("LEASE") + _RESCUED_WITHIN if self.prompt else None,
        )

    def ends_within_s(self) -> float:
        """Return by when the last delivery must have ended (G3)."""
        terms = self.terms()
        return (terms.window + terms.timeout + terms.lease) / _SECOND + self.patience_s
