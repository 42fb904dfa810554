"""The checker: a process of its own that compares the three ledgers and says what it found.

One order in JSON on standard input, one line of findings in JSON on standard output.
"""

import sys
from collections import Counter

from msgspec import json as msgspec_json

from chaos import checks
from chaos.evidence import DeliveryRow, Evidence, Order, gather
from chaos.findings import Findings

_EXAMPLES = 5


def examine(evidence: Evidence) -> Findings:
    """Run every check."""
    found = {name: list(check(evidence)) for name, check in checks.CHECKS.items()}
    return Findings(
        acknowledged=len(evidence.told),
        received=sum(map(len, evidence.received.values())),
        refused=len(evidence.refused) + evidence.broken,
        faults=evidence.order.faults,
        doubled=checks.doubled(evidence).total(),
        bound=checks.bound(evidence),
        set_aside=sum(map(checks.is_set_aside, evidence.deliveries.values())),
        states=dict(Counter(delivery.state for delivery in evidence.deliveries.values())),
        wrong={name: len(wrong) for name, wrong in found.items()},
        examples={name: wrong[:_EXAMPLES] for name, wrong in found.items() if wrong},
        recoveries_ms=_recoveries_ms(evidence),
    )


def _recoveries_ms(evidence: Evidence) -> list[int]:
    """Return how long after each cut the work that was cut off was taken up again."""
    waits = (
        _taken_up(evidence.deliveries[name], cut.at)
        for cut in evidence.order.cuts
        for name in cut.in_flight
        if name in evidence.deliveries
    )
    return [(moment - at) // 1000 for moment, at in waits if moment is not None]


def _taken_up(delivery: DeliveryRow, at: int) -> tuple[int | None, int]:
    """Return when the delivery's next attempt began, or it ended, if its lease at ``at`` was lost; and ``at``."""
    before = [attempt for attempt in delivery.log if attempt.started_at <= at]
    if not before or before[-1].outcome != "lease_lost":
        return None, at
    after = delivery.log[len(before) :]
    return (after[0].started_at if after else delivery.finished_at), at


if __name__ == "__main__":
    order = msgspec_json.decode(sys.stdin.buffer.readline(), type=Order)
    print(msgspec_json.encode(examine(gather(order))).decode(), flush=True)
