"""What the journal says of an attempt that ended."""

from tidings.core.instants import MILLISECOND
from tidings.core.model import State
from tidings.store.journal import EndedEntry


def an_end(webhook: str, now: int, **of: object) -> EndedEntry:
    """Return an end that went well, but for what is given."""
    given: dict[str, object] = {
        "delivery": "dlv_1",
        "event": "evt_1",
        "event_type": "user.closed",
        "webhook": webhook,
        "partner": "acme",
        "number": 1,
        "outcome": "ok",
        "http_status": 200,
        "duration_ms": 3,
        "state": State.DELIVERED,
        "ended_at": now,
        "latency": 6 * MILLISECOND,
    }
    return EndedEntry(**(given | of))  # type: ignore[arg-type]
