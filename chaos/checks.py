"""What is wrong, by name: each check looks at the evidence and returns what breaks one promise.

Owns the judgement. Pure: no clock, no file, no database.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from chaos.evidence import AttemptRow, DeliveryRow, Evidence, Terms
from chaos.ledgers import UNAVAILABLE, Received
from chaos.recovery import late_recovery, not_resumed, silent_outages

SET_ASIDE_AFTER = 5
_ENDED = {"delivered", "failed", "cancelled"}
_NOT_PUT_OFF = {"ok", "lease_lost", None}
_ROUNDING = 2_000


def lost(evidence: Evidence) -> Iterator[str]:
    """Yield what was acknowledged and never arrived, unless it was set aside as something that kills us."""
    for marker in evidence.told.keys() - evidence.received.keys():
        if not any(is_set_aside(delivery) for delivery in evidence.of_marker[marker]):
            yield marker


def is_set_aside(delivery: DeliveryRow) -> bool:
    """Tell whether the delivery lost so many leases that design.md wants it ended (G16)."""
    return delivery.state == "failed" and delivery.leases_lost >= SET_ASIDE_AFTER


def not_set_aside(evidence: Evidence) -> Iterator[str]:
    """Yield what killed the service each time that it was sent, and did not end after so many lost leases (G16)."""
    for marker in evidence.order.poison:
        rows = evidence.of_marker[marker]
        if not rows or any(not is_set_aside(row) or row.lost_leases != SET_ASIDE_AFTER for row in rows):
            yield marker


def bystanders(evidence: Evidence) -> Iterator[str]:
    """Yield what was not delivered beside something that killed the service each time: the others go on (G16)."""
    if not evidence.order.poison:
        return
    for delivery in evidence.deliveries.values():
        if delivery.marker not in evidence.order.poison and delivery.state != "delivered":
            yield f"{delivery.marker} {delivery.state}"


def vanished(evidence: Evidence) -> Iterator[str]:
    for marker, told in evidence.told.items():
        rows = evidence.of_marker[marker]
        if {told[0].event} != set(evidence.events[marker]) or set(told[0].deliveries) != {row.id for row in rows}:
            yield marker


def phantom(evidence: Evidence) -> Iterator[str]:
    yield from evidence.received.keys() - evidence.offered.keys()
    yield from evidence.events.keys() - evidence.offered.keys()


def twins(evidence: Evidence) -> Iterator[str]:
    for marker, events in evidence.events.items():
        if len(set(events)) > 1:
            yield marker
    for marker, told in evidence.told.items():
        if len({(one.event, tuple(one.deliveries)) for one in told}) > 1:
            yield marker


def doubled(evidence: Evidence) -> Counter[str]:
    """Count, by marker, the requests that came again although no failure of the one before is on record."""
    extra: Counter[str] = Counter()
    for marker, requests in evidence.received.items():
        failed = sum(attempt.outcome not in _NOT_PUT_OFF for attempt in _attempts(evidence, marker))
        more = len(requests) - 1 - failed
        if more > 0:
            extra[marker] = more
    return extra


def unexplained(evidence: Evidence) -> Iterator[str]:
    for marker, count in doubled(evidence).items():
        if count > sum(delivery.lost_leases for delivery in evidence.of_marker[marker]):
            yield marker


def over_bound(evidence: Evidence) -> Iterator[str]:
    beyond = sum(doubled(evidence).values()) - bound(evidence)
    yield from (f"{beyond} beyond the bound" for _ in range(beyond))


def bound(evidence: Evidence) -> int:
    """Count the attempts that were in flight when something was cut off."""
    return sum(len(cut.in_flight) for cut in evidence.order.cuts)


def unrecorded(evidence: Evidence) -> Iterator[str]:
    """Yield a marker for each request that no attempt on record can have made."""
    for marker, requests in evidence.received.items():
        attempts = _attempts(evidence, marker)
        on_record = Counter(attempt.signature for attempt in attempts if attempt.signature is not None)
        unsigned = sum(attempt.signature is None for attempt in attempts)
        strangers = (Counter(request.signature for request in requests) - on_record).total()
        yield from (marker for _ in range(strangers - unsigned))


def corrupt(evidence: Evidence) -> Iterator[str]:
    for marker, requests in evidence.received.items():
        published = evidence.offered.get(marker)
        yield from (marker for one in requests if published is not None and one.digest != published.digest)


def forged(evidence: Evidence) -> Iterator[str]:
    for marker, requests in evidence.received.items():
        yield from (marker for one in requests if not one.genuine)


def early(evidence: Evidence) -> Iterator[str]:
    """Yield attempts that began sooner after a failed one than the schedule allows, by either side's clock."""
    terms = evidence.order.terms
    if not terms.trusted_time:
        return
    for delivery in evidence.deliveries.values():
        for before, after in pairwise(delivery.log):
            if before.outcome not in _NOT_PUT_OFF and after.started_at < _earliest(before, terms):
                yield f"{delivery.marker} attempt {after.number}"
        yield from _early_arrivals(delivery, evidence.received[delivery.marker], terms)


def _earliest(before: AttemptRow, terms: Terms) -> int:
    return (before.ended_at or before.started_at) + _shortest_wait(before.number, terms) - _ROUNDING


def _shortest_wait(number: int, terms: Terms) -> int:
    return round(min(terms.cap, terms.base << (number - 1)) * (1 - terms.jitter))


def _early_arrivals(delivery: DeliveryRow, requests: list[Received], terms: Terms) -> Iterator[str]:
    # Only where each attempt is one request: then the receiver's times can be told apart.
    if delivery.lost_leases or len(requests) != len(delivery.log):
        return
    ordered = sorted(requests, key=lambda one: one.at)
    for number, (before, after) in enumerate(pairwise(ordered), 1):
        if after.at < before.at + _shortest_wait(number, terms) - _ROUNDING:
            yield f"{delivery.marker} request {number + 1}"


def after_window(evidence: Evidence) -> Iterator[str]:
    terms = evidence.order.terms
    if not terms.trusted_time:
        return
    for delivery in evidence.deliveries.values():
        latest = (delivery.first_attempt_at or 0) + terms.window
        yield from (f"{delivery.marker} attempt {one.number}" for one in delivery.log if one.started_at > latest)


def stuck(evidence: Evidence) -> Iterator[str]:
    for delivery in evidence.deliveries.values():
        if delivery.state not in _ENDED or delivery.finished_at is None:
            yield f"{delivery.marker} {delivery.state}"


def contradictions(evidence: Evidence) -> Iterator[str]:
    for delivery in evidence.deliveries.values():
        why = _contradiction(delivery, trusted_time=evidence.order.terms.trusted_time)
        if why:
            yield f"{delivery.marker} {why}"


def _contradiction(delivery: DeliveryRow, *, trusted_time: bool) -> str:
    log, ended = delivery.log, delivery.finished_at
    if [one.number for one in log] != list(range(1, delivery.attempts + 1)):
        return "attempts are not numbered 1 to their count"
    if any(one.outcome == "ok" for one in log[:-1]):
        return "attempts after one that arrived"
    if any(one.outcome is None for one in log) and delivery.state in _ENDED:
        return "ended with an attempt that did not"
    if (delivery.state == "delivered") is not (bool(log) and log[-1].outcome == "ok"):
        return f"{delivery.state}, although its last attempt says otherwise"
    if trusted_time and ended is not None and any(ended < (one.ended_at or 0) - _ROUNDING for one in log):
        return "ended before its last attempt did"
    return ""


def miscounted(evidence: Evidence) -> Iterator[str]:
    for state, count in evidence.states.items():
        if evidence.tallies[state] != count:
            yield f"{state}: {count} rows, tally {evidence.tallies[state]}"
    if evidence.routed != len(evidence.deliveries):
        yield f"fan-out {evidence.routed}, deliveries {len(evidence.deliveries)}"


def hollow(evidence: Evidence) -> Iterator[str]:
    for marker, told in evidence.told.items():
        for one in told:
            if any(begin <= one.asked_at and one.at <= end for begin, end in evidence.order.downs):
                yield marker


def bare(evidence: Evidence) -> Iterator[str]:
    for one in evidence.refused:
        if one.status == UNAVAILABLE and not one.is_unavailable:
            yield f"at {one.at}"


def odd_answers(evidence: Evidence) -> Iterator[str]:
    yield from (f"{one.status} at {one.at}" for one in evidence.refused if one.status != UNAVAILABLE)


def bad_exits(evidence: Evidence) -> Iterator[str]:
    yield from ("an exit status" for _ in range(evidence.order.bad_exits))


CHECKS: dict[str, Callable[[Evidence], Iterable[str]]] = {
    check.__name__: check
    for check in (
        lost,
        not_set_aside,
        bystanders,
        vanished,
        phantom,
        twins,
        unexplained,
        over_bound,
        unrecorded,
        corrupt,
        forged,
        early,
        after_window,
        late_recovery,
        stuck,
        contradictions,
        miscounted,
        hollow,
        bare,
        silent_outages,
        not_resumed,
        odd_answers,
        bad_exits,
    )
}


def _attempts(evidence: Evidence, marker: str) -> list[AttemptRow]:
    return [attempt for delivery in evidence.of_marker[marker] for attempt in delivery.log]
