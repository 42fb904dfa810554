"""Facts as spans of a trace: one trace for each event, from its publication to its last attempt.

Owns how the parts of a trace find each other. Its ids are computed from those of event and delivery, so that an
attempt joins the trace of its event in another process, or after a restart, and nothing needs to be kept for it.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256

from msgspec import Struct

from tidings.core.instants import MILLISECOND, Instant
from tidings.core.outcome import Code
from tidings.telemetry.facts import AttemptEnded, EventsPublished, Fact

_TRACE_BYTES = 16
_SPAN_BYTES = 8
_RANGE = 2**64


class Span(Struct, frozen=True, kw_only=True):
    """A piece of work with its place in a trace. Ids are numbers; ``parent`` None begins the trace."""

    trace: int
    id: int
    parent: int | None
    name: str
    began_at: Instant
    ended_at: Instant
    attributes: Mapping[str, str | int]
    failed: bool = False
    is_request: bool = False


def spans_of(fact: Fact, now: Instant, *, sample: float = 1.0) -> Iterator[Span]:
    """Return what ``fact``, told at ``now``, adds to the traces of its events.

    ``sample`` is the part of all events that is traced. Which ones, their traces' ids decide: every process chooses
    alike, and what is not traced costs no more than a look at its id.
    """
    match fact:
        case EventsPublished():
            for event in fact.events:
                trace = _trace_of(event)
                if _is_chosen(trace, sample):
                    yield from _published(fact, event, trace, now)
        case AttemptEnded():
            trace = _trace_of(fact.event)
            if _is_chosen(trace, sample):
                yield from _attempted(fact, trace, now)
        case _:
            return


def _published(fact: EventsPublished, event: str, trace: int, now: Instant) -> Iterator[Span]:
    publication = _span_of(event)
    attributes = {"tidings.event": event}
    yield Span(
        trace=trace,
        id=publication,
        parent=None,
        name="publish",
        began_at=fact.began_at,
        ended_at=now,
        attributes=attributes | {"tidings.events": fact.count},
    )
    yield Span(
        trace=trace,
        id=_span_of(f"{event} commit"),
        parent=publication,
        name="commit",
        began_at=fact.checked_at,
        ended_at=now,
        attributes=attributes,
    )


def _attempted(fact: AttemptEnded, trace: int, now: Instant) -> Iterator[Span]:
    attempt = _span_of(f"{fact.delivery} {fact.number}")
    names = {"tidings.event": fact.event, "tidings.delivery": fact.delivery}
    yield Span(
        trace=trace,
        id=attempt,
        parent=_span_of(fact.event),
        name="attempt",
        began_at=fact.ended_at - round((fact.duration_ms or 0) * MILLISECOND),
        ended_at=fact.ended_at,
        attributes=names | _of_the_attempt(fact),
        failed=fact.outcome != Code.OK,
        is_request=True,
    )
    yield Span(
        trace=trace,
        id=_span_of(f"{fact.delivery} {fact.number} commit"),
        parent=attempt,
        name="commit",
        began_at=fact.ended_at,
        ended_at=now,
        attributes=names,
    )


def _of_the_attempt(fact: AttemptEnded) -> dict[str, str | int]:
    found: dict[str, str | int] = {
        "tidings.event_type": fact.event_type,
        "tidings.webhook": fact.webhook,
        "tidings.partner": fact.partner,
        "tidings.attempt": fact.number,
        "tidings.outcome": fact.outcome,
        "tidings.verdict": fact.verdict,
    }
    return found if fact.http_status is None else found | {"http.response.status_code": fact.http_status}


def _trace_of(event: str) -> int:
    return int.from_bytes(sha256(f"trace {event}".encode()).digest()[:_TRACE_BYTES])


def _is_chosen(trace: int, sample: float) -> bool:
    return trace % _RANGE < sample * _RANGE


def _span_of(name: str) -> int:
    return int.from_bytes(sha256(f"span {name}".encode()).digest()[:_SPAN_BYTES])
