"""What tests of the platform API send, and how they read its answers."""

import json
import re
from typing import Any

from support.event_samples import sample
from support.partner_client import Answered, PartnerClient
from support.served import Served

PLAIN = json.dumps(sample("user.closed"))
EVENTS = "/platform/v1/events"
DELIVERIES = "/platform/v1/deliveries"
MICROS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
PROBLEM = ["type", "title", "status", "detail", "code", "trace_id"]
DELIVERY = [
    "id",
    "event",
    "event_type",
    "webhook",
    "partner",
    "url",
    "state",
    "attempts",
    "due_at",
    "created_at",
    "finished_at",
    "last_outcome",
    "last_status",
    "redelivery_of",
]


def problem(answer: Answered, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is a problem document and return it."""
    assert answer.status == status, answer
    assert answer.header("content-type") == "application/problem+json"
    document = answer.document
    assert list(document)[:6] == PROBLEM
    assert document["type"] == f"urn:tidings:problem:{code}"
    assert (document["status"], document["code"]) == (status, code)
    assert document["trace_id"] == answer.header("x-trace-id")
    return document


async def publish(at: Served, *events: object) -> Answered:
    return await at.platform("POST", EVENTS, json.dumps({"events": events}).encode())


async def name_of(at: Served, acme: PartnerClient) -> str:
    known = (await at.platform("GET", "/platform/v1/partners?limit=500")).result["partners"]
    for partner in reversed(known):
        found = (await at.platform("GET", f"/platform/v1/partners/{partner['id']}")).result
        if found["keys"][0]["key"] == acme.key:
            return str(partner["id"])
    raise AssertionError(acme)


def wrapped(event: str) -> bytes:
    return f'{{"events":[{event}]}}'.encode()
