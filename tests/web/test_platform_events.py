"""Publishing and browsing over HTTP, as docs/design.md section 5 has it."""

import asyncio
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from support.event_samples import EVENT_TYPES, sample
from support.partner_client import Answered, PartnerClient, ask
from support.served import Served, Terms, served
from tidings.telemetry.facts import AccessRefused

pytestmark = pytest.mark.asyncio(loop_scope="session")

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
    known = (await at.platform("GET", "/platform/v1/partners")).result["partners"]
    for partner in reversed(known):
        found = (await at.platform("GET", f"/platform/v1/partners/{partner['id']}")).result
        if found["keys"][0]["key"] == acme.key:
            return str(partner["id"])
    raise AssertionError(acme)


async def test_a_published_event_names_its_deliveries_in_order(at: Served, acme: PartnerClient) -> None:
    partner = await name_of(at, acme)
    await acme.register(enabled=True, events=list(EVENT_TYPES))

    answer = await publish(at, *({"partner": partner, "payload": sample(kind)} for kind in EVENT_TYPES))

    assert answer.status == 202
    events = answer.result["events"]
    assert len(events) == 12
    for kind, event in zip(EVENT_TYPES, events, strict=True):
        assert list(event) == ["id", "duplicate", "deliveries", "unrouted"]
        assert event["id"].startswith("evt_")
        assert [name[:4] for name in event["deliveries"]] == ["dlv_"]
        assert (event["duplicate"], event["unrouted"]) == (False, None)
        shown = (await at.platform("GET", f"{EVENTS}/{event['id']}")).result
        assert shown["event"]["payload"] == sample(kind)
        assert shown["event"]["event_type"] == kind
        assert MICROS.fullmatch(shown["event"]["created_at"])
        assert list(shown["deliveries"][0]) == DELIVERY


async def test_a_shown_delivery_has_its_attempts(at: Served, acme: PartnerClient) -> None:
    partner = await name_of(at, acme)
    webhook = (await acme.register(enabled=True, events=["user.closed"]))["webhook"]
    event = (await publish(at, {"partner": partner, "payload": sample("user.closed")})).result["events"][0]

    shown = (await at.platform("GET", f"{DELIVERIES}/{event['deliveries'][0]}")).result

    assert list(shown) == ["delivery", "attempts"]
    delivery = shown["delivery"]
    assert list(delivery) == DELIVERY
    assert (delivery["state"], delivery["attempts"], shown["attempts"]) == ("pending", 0, [])
    assert (delivery["webhook"], delivery["url"], delivery["partner"]) == (webhook["id"], webhook["url"], partner)
    assert MICROS.fullmatch(delivery["due_at"])


@pytest.mark.parametrize("reason", ["no_webhook", "disabled", "not_subscribed", "partner_disabled"])
async def test_an_event_that_nobody_wants_is_kept_with_its_reason(at: Served, acme: PartnerClient, reason: str) -> None:
    partner = await name_of(at, acme)
    if reason != "no_webhook":
        await acme.register(enabled=reason != "disabled", events=[] if reason == "not_subscribed" else ["user.closed"])
    if reason == "partner_disabled":
        await at.platform("POST", f"/platform/v1/partners/{partner}/disable")

    event = (await publish(at, {"partner": partner, "payload": sample("user.closed")})).result["events"][0]

    assert (event["deliveries"], event["unrouted"]) == ([], reason)
    assert (await at.platform("GET", f"{EVENTS}/{event['id']}")).result["event"]["unrouted"] == reason


async def test_an_idempotency_key_gives_the_same_event_or_a_conflict(at: Served, acme: PartnerClient) -> None:
    partner = await name_of(at, acme)
    event = {"partner": partner, "payload": sample(), "idempotency_key": "order 1"}
    first = (await publish(at, event)).result["events"][0]

    again = (await publish(at, event, event)).result["events"]
    changed = await publish(at, {**event, "payload": sample("user.closed")})

    assert [(one["id"], one["duplicate"]) for one in again] == [(first["id"], True)] * 2
    assert problem(changed, 409, "idempotency_conflict")["index"] == 0


GOOD = {"partner": "P", "payload": sample("user.closed")}
BAD_EVENTS: list[tuple[object, str]] = [
    ({"payload": sample()}, "partner"),
    ({"partner": "P"}, "payload"),
    ({**GOOD, "partner": 1}, "partner"),
    ({**GOOD, "partner": ""}, "partner"),
    ({**GOOD, "partner": "no-such-partner"}, "partner"),
    ({**GOOD, "partner": "a\x00b"}, "partner"),
    ({**GOOD, "idempotency_key": ""}, "idempotency_key"),
    ({**GOOD, "idempotency_key": "a" * 256}, "idempotency_key"),
    ({**GOOD, "idempotency_key": "a\x00b"}, "idempotency_key"),
    ({**GOOD, "idempotency_key": 7}, "idempotency_key"),
    ("event", "event"),
    ({**GOOD, "payload": []}, "payload"),
    ({**GOOD, "payload": {}}, "payload.event_type"),
    ({**GOOD, "payload": {**sample("user.closed"), "event_type": "webhook.test"}}, "payload.event_type"),
    ({**GOOD, "payload": {**sample("user.closed"), "timestamp": "now"}}, "payload.timestamp"),
    ({**GOOD, "payload": {**sample("reward.paid"), "amount": {"asset": "BTC", "amount": 1}}}, "payload.amount.amount"),
    ({**GOOD, "payload": {**sample("user.closed"), "x": "a" * 300_000}}, "payload"),
]


@pytest.mark.parametrize(("bad", "field"), BAD_EVENTS)
async def test_one_bad_event_refuses_the_batch(at: Served, acme: PartnerClient, bad: Any, field: str) -> None:  # noqa: ANN401
    partner = await name_of(at, acme)
    good = {**GOOD, "partner": partner}
    if isinstance(bad, dict) and bad.get("partner") == "P":
        bad = {**bad, "partner": partner}

    told = problem(await publish(at, good, bad, good), 422, "invalid_event")

    assert (told["index"], told["field"]) == (1, field)
    assert (await at.platform("GET", f"{DELIVERIES}?partner={partner}")).result["deliveries"] == []


def wrapped(event: str) -> bytes:
    return f'{{"events":[{event}]}}'.encode()


PLAIN = json.dumps(sample("user.closed"))
BAD_BODIES: list[tuple[bytes, str]] = [
    (b"", "body"),
    (b"[]", "body"),
    (b"null", "body"),
    (b'{"events":[', "body"),
    (b"\xff", "body"),
    (b"[" * 100_000, "body"),
    (b'{"x":' + b"[" * 100_000, "body"),
    (b'\xef\xbb\xbf{"events":[]}', "body"),
    (b"{}", "events"),
    (b'{"events":{}}', "events"),
    (b'{"events":[]}', "events"),
    (b'{"events":[' + b",".join([b'{"partner":"p","payload":{}}'] * 1001) + b"]}", "events"),
    (
        wrapped(f'{{"partner":"p","payload":{PLAIN}}}')[:-1]
        + b","
        + wrapped(f'{{"partner":"p","payload":{PLAIN}}}')[1:],
        "body",
    ),
    (wrapped(f'{{"partner":"p","partner":"q","payload":{PLAIN}}}'), "body"),
    (wrapped(f'{{"partner":"p","payload":{{}},"payload":{PLAIN}}}'), "body"),
    (wrapped(f'{{"partner":"p","payload":{PLAIN},"idempotency_key":"\\ud800"}}'), "body"),
    (wrapped(f'{{"partner":"p","payload":{PLAIN},"x":NaN}}'), "body"),
    (wrapped(f'{{"partner":"p","payload":{PLAIN},"x":{"[" * 40}{"]" * 40}}}'), "body"),
]


@pytest.mark.parametrize(("body", "field"), BAD_BODIES)
async def test_an_envelope_that_is_not_strict_json_is_refused(at: Served, body: bytes, field: str) -> None:
    told = problem(await at.platform("POST", EVENTS, body), 400, "invalid_argument")

    assert told["field"] == field


@pytest.mark.parametrize("inside", ['"a":1,"a":2', '"a":NaN', '"a":"\\udc00"', '"a":' + "[" * 40 + "]" * 40])
async def test_a_payload_is_as_strict_as_its_envelope(at: Served, acme: PartnerClient, inside: str) -> None:
    partner = await name_of(at, acme)
    payload = f"{PLAIN[:-1]},{inside}}}"

    answer = await at.platform("POST", EVENTS, wrapped(f'{{"partner":"{partner}","payload":{payload}}}'))

    if answer.status == 422:
        assert problem(answer, 422, "invalid_event")["index"] == 0
    else:
        # What is no JSON at all cannot be divided into events.
        assert problem(answer, 400, "invalid_argument")["field"] == "body"


async def test_white_space_goes_and_everything_else_of_a_payload_stays(at: Served, acme: PartnerClient) -> None:
    partner = await name_of(at, acme)
    payload = PLAIN[:-1] + ', "z" : 1.10, "a" : 123456789012345678901234567890, "\\u00e9": "é"}'

    answer = await at.platform("POST", EVENTS, wrapped(f'{{"partner":"{partner}","payload":{payload}}}'))

    event = answer.result["events"][0]["id"]
    shown = (await at.platform("GET", f"{EVENTS}/{event}")).body.decode()
    assert '"z":1.10,"a":123456789012345678901234567890,"\\u00e9":"é"}' in shown


async def test_deliveries_are_filtered_and_paged_newest_first(at: Served, acme: PartnerClient) -> None:
    partner = await name_of(at, acme)
    webhook = (await acme.register(enabled=True, events=["user.closed", "user.disabled"]))["webhook"]["id"]
    batch = [{"partner": partner, "payload": sample(kind)} for kind in ("user.closed", "user.disabled") * 3]
    made = [event["deliveries"][0] for event in (await publish(at, *batch)).result["events"]]

    async def listed(query: str) -> list[str]:
        found = (await at.platform("GET", f"{DELIVERIES}?partner={partner}{query}")).result
        return [delivery["id"] for delivery in found["deliveries"]]

    assert sorted(await listed("")) == sorted(made)
    assert sorted(await listed("&event_type=user.closed")) == sorted(made[::2])
    assert len(await listed(f"&webhook={webhook}&state=pending&since=2020-01-01T00:00:00Z")) == 6
    assert await listed("&state=delivered") == []
    assert await listed("&until=2020-01-01T00:00:00Z") == []
    assert len(await listed("&event=&webhook=&cursor=")) == 6
    first = (await at.platform("GET", f"{DELIVERIES}?partner={partner}&limit=4")).result
    rest = (await at.platform("GET", f"{DELIVERIES}?partner={partner}&limit=4&cursor={first['next_cursor']}")).result
    paged = [delivery["id"] for delivery in first["deliveries"] + rest["deliveries"]]
    assert paged == await listed("")
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("colour=red", "colour"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=1e1", "limit"),
        ("limit=-1", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("state=lost", "state"),
        ("since=yesterday", "since"),
        ("since=2025-01-01T00:00:00", "since"),
        ("partner=a&partner=b", "partner"),
        ("partner=%00", "partner"),
        ("partner=%ff", "query"),
        ("partner", "query"),
        ("cursor=nonsense", "cursor"),
        ("cursor=" + "a" * 300, "cursor"),
        ("&".join(f"p{number}=1" for number in range(40)), "query"),
    ],
)
async def test_a_query_that_is_not_understood_is_refused(at: Served, query: str, field: str) -> None:
    assert problem(await at.platform("GET", f"{DELIVERIES}?{query}"), 400, "invalid_argument")["field"] == field


@pytest.mark.parametrize("path", [f"{EVENTS}/evt_none", f"{DELIVERIES}/dlv_none", f"{DELIVERIES}/dlv_none/redeliver"])
async def test_what_is_not_there_is_not_found(at: Served, path: str) -> None:
    method = "POST" if path.endswith("redeliver") else "GET"

    problem(await at.platform(method, path), 404, "not_found")


async def test_a_redelivery_is_a_new_delivery_that_names_the_old(at: Served, acme: PartnerClient) -> None:
    partner = await name_of(at, acme)
    webhook = (await acme.register(enabled=True, events=["user.closed"]))["webhook"]["id"]
    event = (await publish(at, {"partner": partner, "payload": sample("user.closed")})).result["events"][0]
    old = event["deliveries"][0]
    path = f"{DELIVERIES}/{old}/redeliver"

    answer = await at.platform("POST", path)

    assert answer.status == 202
    made = answer.result["delivery"]
    assert list(made) == DELIVERY
    assert made["redelivery_of"] == old
    assert (made["id"] != old, made["state"], made["event"]) == (True, "pending", event["id"])
    await acme.call("PATCH", f"/b2b/webhooks/{webhook}", {"enabled": False})
    problem(await at.platform("POST", path), 409, "webhook_disabled")
    await acme.call("DELETE", f"/b2b/webhooks/{webhook}")
    problem(await at.platform("POST", path), 409, "webhook_deleted")
    await at.platform("POST", f"/platform/v1/partners/{partner}/disable")
    problem(await at.platform("POST", path), 409, "partner_disabled")


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer nonsense")],
        [("Authorization", "Basic dXNlcjpwYXNz")],
        [("Authorization", "Bearer {token}x")],
        [("Authorization", "{token}")],
        [("Authorization", "Bearer {token}"), ("Authorization", "Bearer {token}")],
        [("Authorization", "Bearer \u00e9")],
        [("Authorization", "Bearer " + "a" * 5000)],
        [("X-Api-Key", "{token}")],
    ],
)
async def test_nothing_happens_without_a_token(at: Served, headers: list[tuple[str, str]]) -> None:
    given = [(name, value.replace("{token}", at.token)) for name, value in headers]

    answer = await ask(at.port, "POST", EVENTS, headers=given, body=b"not even json")

    problem(answer, 401, "unauthenticated")
    assert answer.header("www-authenticate") == "Bearer"
    assert at.facts[-1] == AccessRefused(api="platform", code="unauthenticated", address="127.0.0.1")
    assert at.token not in answer.body.decode()


async def test_the_scheme_is_spelt_in_any_case(at: Served) -> None:
    answer = await ask(at.port, "GET", DELIVERIES, headers=[("authorization", f"bearer {at.token}")])

    assert answer.status == 200


async def test_the_path_is_judged_before_the_token(at: Served) -> None:
    problem(await ask(at.port, "GET", "/platform/v1/nothing"), 404, "unknown_route")
    wrong = await ask(at.port, "PUT", EVENTS)
    problem(wrong, 405, "wrong_method")
    assert wrong.header("allow") == "POST"
    for path in ("/", "//platform/v1/events", "/platform/v1/events/", "/platform/v1/%65vents", "/healthz/", "/readyz;"):
        problem(await at.platform("GET", path), 404, "unknown_route")


async def test_probes_need_no_token(at: Served) -> None:
    assert (await ask(at.port, "GET", "/healthz")).status == 200
    assert (await ask(at.port, "GET", "/readyz")).status == 200
    numbers = await ask(at.port, "GET", "/metrics")
    assert (numbers.status, numbers.body) == (200, b"tidings_up 1\n")
    assert (numbers.header("content-type") or "").startswith("text/plain")


async def test_a_database_that_cannot_be_written_is_told_as_unavailable(tmp_path: Path) -> None:
    async with served(tmp_path, Terms()) as at:
        acme = await at.partner()
        with sqlite3.connect(tmp_path / "tidings.db", isolation_level=None) as locked:
            locked.execute("BEGIN IMMEDIATE")

            refused, partner = await asyncio.gather(
                publish(at, {"partner": "acme", "payload": sample()}), acme.call("GET", "/b2b/webhooks")
            )
        locked.close()
        accepted = await publish(at, {"partner": "acme", "payload": sample()})

    problem(refused, 503, "unavailable")
    assert int(refused.header("retry-after") or 0) >= 1
    assert (partner.status, partner.error) == (503, "EService:Unavailable")
    assert int(partner.header("retry-after") or 0) >= 1
    assert accepted.status == 202
