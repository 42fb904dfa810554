"""The events that a bench publishes, each with a number that the receiver finds again in the body."""

import msgspec

MARK = b'"marker":"'
DIGITS = 10

_BEFORE = '{"event_type":"user.verified","iiban":"AA00 TEST EXAM PLE1","timestamp":"2025-01-15T10:30:00.000000000Z",'
# Fills the body up to about 300 bytes, the size of the contract's longer events.
_AFTER = '","note":"' + "a customer was verified and may trade from now on; " * 2 + '"}'


def body_of(number: int) -> str:
    return f'{_BEFORE}"marker":"{number:0{DIGITS}}{_AFTER}'


def number_in(body: bytes) -> int | None:
    """Return the number that ``body`` carries, or None when it is none of ours."""
    start = body.find(MARK) + len(MARK)
    digits = body[start : start + DIGITS]
    return int(digits) if start >= len(MARK) and digits.isdigit() else None


def partner_name(number: int) -> str:
    return f"bench-{number}"


def batch(first: int, count: int, partners: int, *, first_partner: int = 0) -> bytes:
    """Return the request body that publishes ``count`` events from ``first`` on, spread over so many partners."""
    events = (
        f'{{"partner":"{partner_name(first_partner + number % partners)}","payload":{body_of(number)}}}'
        for number in range(first, first + count)
    )
    return f'{{"events":[{",".join(events)}]}}'.encode()


def is_accepted(answer: bytes, count: int) -> bool:
    """Whether the body of a 202 promises one delivery for each of ``count`` events."""
    events = msgspec.json.decode(answer)["result"]["events"]
    return len(events) == count and all(len(event["deliveries"]) == 1 for event in events)
