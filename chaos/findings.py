"""What the checker found in one scenario.

Owns the names of everything that can be wrong, and which of them must be zero.
"""

from msgspec import Struct, field

ZERO = {
    "lost": "acknowledged and never received",
    "not_set_aside": "events that killed the service each time and did not end failed after five lost leases",
    "bystanders": "events beside one of those that were not delivered",
    "vanished": "acknowledged and not in the database, or with other deliveries than were told",
    "phantom": "received and never published",
    "twins": "published twice under one key, or told differently",
    "unexplained": "doubled with no lost lease on record for it",
    "over_bound": "doubled beyond the attempts in flight at the faults",
    "unrecorded": "requests that are not in the attempt log",
    "corrupt": "requests with other bytes than were published",
    "forged": "requests with a bad signature",
    "early": "attempts before they were due",
    "after_window": "attempts that began after the window",
    "late_recovery": "attempts cut off and taken up again later than lease + 2 s, if over one in a hundred is",
    "stuck": "deliveries that did not end",
    "contradictions": "deliveries whose record contradicts itself",
    "miscounted": "states whose tally is not the count of rows, and fan-out that does not add up",
    "hollow": "202s given while the database was down",
    "bare": "503s without Retry-After",
    "silent_outages": "outages without a 503 that says when to ask again",
    "not_resumed": "outages after which acknowledging or sending did not resume within 30 s",
    "odd_answers": "answers to publishers that are neither 202 nor 503",
    "bad_exits": "processes that did not end as they were asked to",
}


class Findings(Struct, frozen=True, kw_only=True):
    """Figures of one scenario. ``wrong`` counts what must be zero, by the names of ``ZERO``."""

    acknowledged: int
    received: int
    refused: int
    faults: int
    doubled: int
    bound: int
    set_aside: int
    states: dict[str, int]
    wrong: dict[str, int]
    examples: dict[str, list[str]] = field(default_factory=dict)
    recoveries_ms: list[int] = field(default_factory=list)

    @property
    def failures(self) -> list[str]:
        return [name for name, count in self.wrong.items() if count]

    @property
    def lost(self) -> int:
        return self.wrong["lost"] + self.wrong["vanished"]
