"""The checker: a process of its own that compares the three ledgers and says what it found.

One order in JSON on standard input, one line of findings in JSON on standard output.
"""

import sys
from collections import Counter

from msgspec import json as msgspec_json

from chaos import checks
from chaos.evidence import Evidence, Order, gather
from chaos.findings import Findings
from chaos.recovery import recoveries

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
        recoveries_ms=[wait // 1000 for wait in recoveries(evidence)],
    )


if __name__ == "__main__":
    order = msgspec_json.decode(sys.stdin.buffer.readline(), type=Order)
    print(msgspec_json.encode(examine(gather(order))).decode(), flush=True)
