"""How long it took until work that was cut off was taken up again.

Owns the measure, and the judgement where a bound was promised. Pure, as ``chaos.checks`` is.
"""

from collections.abc import Iterator

from chaos.evidence import DeliveryRow, Evidence

_MILLISECOND = 1_000
_PERCENT = 99


def recoveries(evidence: Evidence) -> list[int]:
    """Return how long, in microseconds, each attempt that a cut ended was without a successor; the shortest first."""
    waits = (
        _taken_up(evidence.deliveries[name], cut.at)
        for cut in evidence.order.cuts
        for name in cut.in_flight
        if name in evidence.deliveries
    )
    return sorted(moment - at for moment, at in waits if moment is not None)


def late_recovery(evidence: Evidence) -> Iterator[str]:
    """Yield every wait beyond the bound, if the p99 of all waits is: one in a hundred may be longer."""
    bound, waits = evidence.order.terms.recovery, recoveries(evidence)
    if bound is None or not waits or percentile(waits, _PERCENT) <= bound:
        return
    yield from (f"after {wait // _MILLISECOND} ms" for wait in waits if wait > bound)


def percentile(ordered: list[int], percent: int) -> int:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _taken_up(delivery: DeliveryRow, at: int) -> tuple[int | None, int]:
    """Return when the delivery's next attempt began, or it ended, if its lease at ``at`` was lost; and ``at``."""
    before = [attempt for attempt in delivery.log if attempt.started_at <= at]
    if not before or before[-1].outcome != "lease_lost":
        return None, at
    after = delivery.log[len(before) :]
    return (after[0].started_at if after else delivery.finished_at), at
