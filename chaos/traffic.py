"""The events that the harness publishes, each with a marker by which every ledger knows it again.

Owns the body of an event: compact already, so that what is published, stored and sent must be the same bytes. It holds
what a careless program would change on the way: a long number, its spelling, and text beyond ASCII.
"""

import hashlib
import json
import re

from support.event_samples import sample

_MARK = "MARKER"
_BEFORE, _AFTER = json.dumps({**sample("custom_order.executed"), "marker": _MARK}, separators=(",", ":")).split(_MARK)
_ODDITIES = ',"odd":{"long":12345678901234567890.10,"small":1e-7,"text":"Zürich \\u00e9 ⚡"}}'
_IN_BODY = re.compile(re.escape('"marker":"') + r"([^\"]+)\"")


def body_of(marker: str) -> str:
    """Return the event with this marker as compact JSON."""
    return f"{_BEFORE}{marker}{_AFTER[:-1]}{_ODDITIES}"


def marker_in(body: str) -> str:
    """Return the marker of an event, or nothing for any other body."""
    found = _IN_BODY.search(body)
    return found[1] if found else ""


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def marker_of(number: int) -> str:
    """Return the marker of the publisher's event with this number, the first being 0."""
    return f"CHAOS-{number:09d}"


def partner_name(index: int) -> str:
    return f"partner-{index:03d}"


def publication(marker: str, partner: str) -> str:
    return f'{{"partner":"{partner}","payload":{body_of(marker)},"idempotency_key":"{marker}"}}'
