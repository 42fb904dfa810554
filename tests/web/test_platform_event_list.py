"""Finding events over HTTP, those that reached nobody included."""

import json

import pytest

from support.event_samples import sample
from support.partner_client import PartnerClient
from support.platform_answers import EVENTS, MICROS, name_of, problem, publish
from support.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

SUMMARY = ["id", "partner", "event_type", "idempotency_key", "unrouted", "created_at"]


async def test_events_are_filtered_and_paged_newest_first(at: Served, acme: PartnerClient) -> None:
    partner = await name_of(at, acme)
    await acme.register(enabled=True, events=["user.closed"])
    batch = [{"partner": partner, "payload": sample(kind)} for kind in ("user.closed", "user.disabled") * 3]
    batch[0]["idempotency_key"] = "first & only"
    made = [event["id"] for event in (await publish(at, *batch)).result["events"]]

    async def listed(query: str) -> list[str]:
        found = (await at.platform("GET", f"{EVENTS}?partner={partner}{query}")).result
        return [event["id"] for event in found["events"]]

    assert sorted(await listed("")) == sorted(made)
    assert sorted(await listed("&event_type=user.disabled")) == sorted(made[1::2])
    assert sorted(await listed("&unrouted=not_subscribed")) == sorted(made[1::2])
    assert sorted(await listed("&unrouted=any")) == sorted(made[1::2])
    assert await listed("&unrouted=no_webhook") == []
    assert await listed("&idempotency_key=first%20%26%20only") == [made[0]]
    assert await listed("&until=2020-01-01T00:00:00Z") == []
    assert len(await listed("&since=2020-01-01T00:00:00Z")) == 6
    first = (await at.platform("GET", f"{EVENTS}?partner={partner}&limit=4")).result
    rest = (await at.platform("GET", f"{EVENTS}?partner={partner}&limit=4&cursor={first['next_cursor']}")).result
    assert [event["id"] for event in first["events"] + rest["events"]] == await listed("")
    assert rest["next_cursor"] is None


async def test_a_list_shows_events_without_their_payloads(at: Served, acme: PartnerClient) -> None:
    partner = await name_of(at, acme)
    await publish(at, {"partner": partner, "payload": sample("user.closed"), "idempotency_key": "k"})

    answer = await at.platform("GET", f"{EVENTS}?partner={partner}")

    (event,) = answer.result["events"]
    assert list(event) == SUMMARY
    assert (event["unrouted"], event["idempotency_key"]) == ("no_webhook", "k")
    assert MICROS.fullmatch(event["created_at"])
    assert "iiban" not in json.dumps(answer.document)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("colour=red", "colour"),
        ("state=failed", "state"),
        ("unrouted=maybe", "unrouted"),
        ("unrouted=true", "unrouted"),
        ("idempotency_key=k", "idempotency_key"),
        ("partner=acme&idempotency_key=%00", "idempotency_key"),
        ("limit=501", "limit"),
        ("since=yesterday", "since"),
        ("cursor=dlv_00000000000000000000000000", "cursor"),
        ("cursor=nonsense", "cursor"),
    ],
)
async def test_a_query_that_is_not_understood_is_refused(at: Served, query: str, field: str) -> None:
    assert problem(await at.platform("GET", f"{EVENTS}?{query}"), 400, "invalid_argument")["field"] == field
