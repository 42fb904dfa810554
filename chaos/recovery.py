"""How long it took until work that was cut off was taken up again, and whether the service came through outages.

Owns the measure, and the judgement where a bound was promised. Pure, as ``chaos.checks`` is.
"""

from collections.abc import Iterator

from chaos.evidence import DeliveryRow, Evidence

RESUMES_WITHIN_S = 30.0
# More than one batch: what hiccups once has not resumed.
RESUMED = 20
_SECOND = 1_000_000
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


def silent_outages(evidence: Evidence) -> Iterator[str]:
    """Yield the outages in which no publisher was told 503 and when to ask again (G14)."""
    for begin, end in evidence.order.outages:
        if not any(one.is_unavailable and begin <= one.at <= end for one in evidence.refused):
            yield f"from {begin} to {end}"


def not_resumed(evidence: Evidence) -> Iterator[str]:
    """Yield the outages after which too little was acknowledged, or too little was sent, in the time allowed (G14)."""
    acknowledged = [told[0].at for told in evidence.told.values()]
    received = [request.at for requests in evidence.received.values() for request in requests]
    for _, end in evidence.order.outages:
        until = end + round(RESUMES_WITHIN_S * _SECOND)
        for what, moments in (("acknowledged", acknowledged), ("received", received)):
            count = sum(end < at <= until for at in moments)
            if count < RESUMED:
                yield f"{count} {what} after {end}"


def percentile(ordered: list[int], percent: int) -> int:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _taken_up(delivery: DeliveryRow, at: int) -> tuple[int | None, int]:
    """Return when the delivery's next attempt began, or it ended, if its lease at ``at`` was lost; and ``at``."""
    before = [attempt for attempt in delivery.log if attempt.started_at <= at]
    if not before or before[-1].outcome != "lease_lost":
        return None, at
    after = delivery.log[len(before) :]
    return (after[0].started_at if after else delivery.finished_at), at
