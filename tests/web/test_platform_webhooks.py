"""Partners' webhooks over the platform API: looked at, switched, given new signing secrets."""

import base64
import json
from itertools import count

import pytest

from support.partner_client import Answered, PartnerClient
from support.served import Served
from tidings.telemetry.facts import WebhookSecretRotated

pytestmark = pytest.mark.asyncio(loop_scope="session")

WEBHOOKS = "/platform/v1/webhooks"
FIELDS = ["id", "partner", "url", "enabled", "events", "created_at", "updated_at", "old_secret_ends_at"]
UNKNOWN = "WHAAAAAA-AAAAA-AAAAAA"
MOST = 30 * 86_400

_numbers = count()


async def post(at: Served, path: str, document: object = None) -> Answered:
    return await at.platform("POST", path, b"" if document is None else json.dumps(document).encode())


async def own(at: Served) -> tuple[str, PartnerClient, str, str]:
    """Make a partner with a webhook; return the partner's name and client, and the webhook's id and secret."""
    name = f"operated-{next(_numbers)}"
    client = await at.partner(name)
    made = await client.register(enabled=True, events=["user.verified"])
    return name, client, made["webhook"]["id"], made["secret"]


async def test_a_webhook_is_shown_and_listed_without_its_secret(at: Served) -> None:
    name, _, webhook, secret = await own(at)

    shown = await at.platform("GET", f"{WEBHOOKS}/{webhook}")
    listed = await at.platform("GET", f"{WEBHOOKS}?partner={name}")
    everyone = await at.platform("GET", f"{WEBHOOKS}?limit=100")

    assert shown.status == 200
    assert list(shown.result["webhook"]) == FIELDS
    assert (shown.result["webhook"]["partner"], shown.result["webhook"]["old_secret_ends_at"]) == (name, None)
    assert listed.result == {"webhooks": [shown.result["webhook"]], "next_cursor": None}
    assert shown.result["webhook"] in everyone.result["webhooks"]
    assert secret.encode() not in shown.body + listed.body + everyone.body


async def test_webhooks_are_listed_page_by_page(at: Served) -> None:
    own_ids = {(await own(at))[2] for _ in range(3)}
    seen: list[str] = []
    cursor = ""
    while True:
        page = await at.platform("GET", f"{WEBHOOKS}?limit=2{cursor}")
        assert 1 <= len(page.result["webhooks"]) <= 2
        seen += [webhook["id"] for webhook in page.result["webhooks"]]
        if page.result["next_cursor"] is None:
            break
        cursor = f"&cursor={page.result['next_cursor']}"

    assert seen == sorted(set(seen))
    assert own_ids <= set(seen)


async def test_a_cursor_that_no_page_gave_is_refused(at: Served) -> None:
    answer = await at.platform("GET", f"{WEBHOOKS}?cursor=WH0")
    assert (answer.status, answer.document["field"]) == (400, "cursor")


async def test_a_webhook_is_disabled_and_enabled_as_its_partner_would(at: Served) -> None:
    _, client, webhook, _ = await own(at)

    disabled = await post(at, f"{WEBHOOKS}/{webhook}/disable")
    seen = (await client.call("GET", "/b2b/webhooks")).result["webhooks"][0]["enabled"]
    enabled = await post(at, f"{WEBHOOKS}/{webhook}/enable")

    assert (disabled.status, disabled.result["webhook"]["enabled"], seen) == (200, False, False)
    assert (enabled.status, enabled.result["webhook"]["enabled"]) == (200, True)


async def test_a_new_secret_is_shown_once(at: Served) -> None:
    _, client, webhook, before = await own(at)

    answer = await post(at, f"{WEBHOOKS}/{webhook}/rotate-secret", {"overlap_seconds": 60})
    shown = await at.platform("GET", f"{WEBHOOKS}/{webhook}")
    partners_view = (await client.call("GET", "/b2b/webhooks")).result["webhooks"][0]

    assert answer.status == 200
    assert list(answer.result) == ["webhook", "secret"]
    assert len(base64.b64decode(answer.result["secret"], validate=True)) == 32
    assert answer.result["secret"] != before
    assert answer.result["webhook"] == shown.result["webhook"]
    assert shown.result["webhook"]["old_secret_ends_at"].endswith("Z")
    assert answer.result["secret"].encode() not in shown.body
    assert "old_secret_ends_at" not in partners_view
    assert WebhookSecretRotated(webhook, answer.result["webhook"]["partner"]) in at.facts


@pytest.mark.parametrize(
    ("body", "ends"), [(None, True), ({}, True), ({"overlap_seconds": MOST}, True), ({"overlap_seconds": 0}, False)]
)
async def test_the_overlap_is_a_day_unless_told_and_none_with_0(at: Served, body: object, *, ends: bool) -> None:
    _, _, webhook, _ = await own(at)

    answer = await post(at, f"{WEBHOOKS}/{webhook}/rotate-secret", body)

    assert answer.status == 200
    assert (answer.result["webhook"]["old_secret_ends_at"] is not None) is ends


@pytest.mark.parametrize("overlap", [-1, MOST + 1, 1.5, "60", True, None, 2**64])
async def test_an_overlap_is_whole_seconds_up_to_thirty_days(at: Served, overlap: object) -> None:
    _, _, webhook, _ = await own(at)

    answer = await post(at, f"{WEBHOOKS}/{webhook}/rotate-secret", {"overlap_seconds": overlap})
    shown = await at.platform("GET", f"{WEBHOOKS}/{webhook}")

    assert (answer.status, answer.document["field"]) == (400, "overlap_seconds")
    assert shown.result["webhook"]["old_secret_ends_at"] is None


async def test_0_after_an_overlap_ends_the_old_secret_at_once(at: Served) -> None:
    _, _, webhook, _ = await own(at)
    await post(at, f"{WEBHOOKS}/{webhook}/rotate-secret", {"overlap_seconds": 60})

    answer = await post(at, f"{WEBHOOKS}/{webhook}/rotate-secret", {"overlap_seconds": 0})

    assert answer.result["webhook"]["old_secret_ends_at"] is None


@pytest.mark.parametrize(
    ("method", "rest"),
    [("GET", ""), ("POST", "/disable"), ("POST", "/enable"), ("POST", "/rotate-secret")],
)
async def test_an_unknown_or_deleted_webhook_is_not_found(at: Served, method: str, rest: str) -> None:
    _, client, deleted, _ = await own(at)
    await client.call("DELETE", f"/b2b/webhooks/{deleted}")

    answers = [await at.platform(method, f"{WEBHOOKS}/{name}{rest}") for name in (UNKNOWN, deleted)]

    assert [(answer.status, answer.document["code"]) for answer in answers] == [(404, "not_found")] * 2


@pytest.mark.parametrize(
    ("query", "status"), [("partner=nobody", 404), ("owner=acme", 400), ("partner=a&partner=b", 400)]
)
async def test_a_list_of_nobodys_webhooks_is_refused(at: Served, query: str, status: int) -> None:
    assert (await at.platform("GET", f"{WEBHOOKS}?{query}")).status == status
