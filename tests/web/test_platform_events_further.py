"""Publishing and browsing over HTTP, continued: what comes after the first answers."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from support.event_samples import sample
from support.partner_client import PartnerClient, ask
from support.platform_answers import (
    DELIVERIES,
    DELIVERY,
    EVENTS,
    PLAIN,
    name_of,
    problem,
    publish,
    wrapped,
)
from support.served import Served, Terms, served
from tidings.telemetry.facts import AccessRefused

pytestmark = pytest.mark.asyncio(loop_scope="session")


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

    early = problem(await at.platform("POST", path), 409, "delivery_under_way")
    for enabled in (False, True):
        await acme.call("PATCH", f"/b2b/webhooks/{webhook}", {"enabled": enabled})
    answer = await at.platform("POST", path)

    assert early["detail"] == f"the delivery {old} is still under way: its next attempt is due now"
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
    told = [fact for fact in at.facts if isinstance(fact, AccessRefused)]
    assert told[-1] == AccessRefused(api="platform", code="unauthenticated", address="127.0.0.1")
    assert at.token not in answer.body.decode()


async def test_the_scheme_is_spelt_in_any_case(at: Served) -> None:
    answer = await ask(at.port, "GET", DELIVERIES, headers=[("authorization", f"bearer {at.token}")])

    assert answer.status == 200


async def test_the_path_is_judged_before_the_token(at: Served) -> None:
    problem(await ask(at.port, "GET", "/platform/v1/nothing"), 404, "unknown_route")
    wrong = await ask(at.port, "PUT", EVENTS)
    problem(wrong, 405, "wrong_method")
    assert wrong.header("allow") == "GET, POST"
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
