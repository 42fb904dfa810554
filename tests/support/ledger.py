"""What was acknowledged to the publisher, against what the receiver saw.

Owns the comparison by marker. Refuses to trust the service's own records: it knows only the two outer ends.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from support.https_receiver import Received


@dataclass(frozen=True)
class Acknowledged:
    """The event and the deliveries that a 202 promised."""

    event: str
    deliveries: tuple[str, ...]


@dataclass(frozen=True)
class Ledger:
    """Both ends of every marked event: promises by marker, and the signatures of the requests that carried it."""

    acknowledged: dict[str, Acknowledged] = field(default_factory=dict)
    signatures: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def acknowledge(self, marker: str, *, event: str, deliveries: Iterable[str]) -> None:
        self.acknowledged[marker] = Acknowledged(event, tuple(deliveries))

    def receive(self, requests: Iterable[Received]) -> None:
        for request in requests:
            self.signatures[json.loads(request.body)["marker"]].append(request.header("X-Signature"))

    def lost(self) -> set[str]:
        """Return what was acknowledged and never arrived."""
        return self.acknowledged.keys() - self.signatures.keys()

    def unheard_of(self) -> set[str]:
        """Return what arrived and was never acknowledged."""
        return self.signatures.keys() - self.acknowledged.keys()

    def doubled(self) -> Counter[str]:
        """Return how often each event arrived beyond the first time."""
        return +Counter({marker: len(signatures) - 1 for marker, signatures in self.signatures.items()})
