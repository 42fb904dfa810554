"""Who sends JSON of another kind than is wanted is told so in the words of JSON, by both APIs."""

import json

import pytest

from support.event_samples import sample
from support.partner_client import PartnerClient
from support.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("events", "user.closed", "expected array, got string"),
        ("events", [1], "expected string, got number"),
        ("enabled", "yes", "expected boolean, got string"),
        ("enabled", None, "expected boolean, got null"),
        ("url", {}, "expected string, got object"),
        ("url", 1.5, "expected string, got number"),
        ("events", ["a b"], "expected string matching regex '^[a-zA-Z0-9._]+$'"),
    ],
)
async def test_a_partner_reads_jsons_words(acme: PartnerClient, field: str, value: object, said: str) -> None:
    answer = await acme.call("POST", "/b2b/webhooks", {"url": "https://hooks.acme.com/w", field: value})

    assert answer.status == 400
    assert answer.error == f"EGeneral:Invalid arguments:{field}"
    assert answer.document["errors"][0]["errorMessage"] == said


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("partners", {"id": "acme", "name": 3}, "name: expected string or null, got number"),
        ("partners", {"id": "acme", "allow_hosts": {}}, "allow_hosts: expected array, got object"),
        ("partners/acme/keys", {"nonce_window": "1"}, "nonce_window: expected whole number, got string"),
        ("redeliveries", {"dry_run": 0}, "dry_run: expected boolean, got number"),
        ("redeliveries", {"since": 0}, "since: expected string or null, got number"),
        ("redeliveries", {"since": "today"}, "since: is no moment in RFC 3339, like 2025-01-15T10:30:00Z"),
        ("events", [], "body: expected object, got array"),
        ("events", {"events": [{"partner": True, "payload": {}}]}, "events[0].partner: expected string, got boolean"),
        (
            "events",
            {"events": [{"partner": "acme", "payload": {**sample(), "id": 7}}]},
            "events[0].payload.id: expected string, got number",
        ),
        (
            "events",
            {"events": [{"partner": "acme", "payload": {**sample(), "action": []}}]},
            "events[0].payload.action: expected object, got array",
        ),
    ],
)
async def test_the_platform_reads_jsons_words(at: Served, path: str, body: object, said: str) -> None:
    answer = await at.platform("POST", f"/platform/v1/{path}", json.dumps(body).encode())

    assert answer.status in (400, 422)
    assert answer.document["detail"] == said
