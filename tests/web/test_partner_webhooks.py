"""The five endpoints, as docs/contract.md section 2 has them."""

import base64
import re
from typing import Any

import pytest

from support.partner_client import PartnerClient, ask
from support.served import FORBIDDEN_HOST, UNKNOWN_HOST, Served
from tidings.core.catalogue import EVENT_TYPES

pytestmark = pytest.mark.asyncio(loop_scope="session")

URL = "https://hooks.acme.com/w"
FIELDS = ["id", "url", "enabled", "subscribed_events", "available_events", "created_at", "updated_at"]
SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


async def test_a_register_answers_the_webhook_and_its_secret(acme: PartnerClient) -> None:
    answer = await acme.call("POST", "/b2b/webhooks", {"url": URL})

    assert answer.status == 200
    assert list(answer.result) == ["webhook", "secret"]
    webhook = answer.result["webhook"]
    assert list(webhook) == FIELDS
    assert re.fullmatch(r"WH[A-Z2-7]{6}-[A-Z2-7]{5}-[A-Z2-7]{6}", webhook["id"])
    assert webhook["url"] == URL
    assert webhook["enabled"] is False
    assert webhook["subscribed_events"] == []
    assert webhook["available_events"] == list(EVENT_TYPES)
    assert SECONDS.fullmatch(webhook["created_at"])
    assert webhook["updated_at"] == webhook["created_at"]
    assert len(base64.b64decode(answer.result["secret"], validate=True)) == 32
    assert len(answer.result["secret"]) == 44


async def test_the_answer_echoes_what_was_asked(acme: PartnerClient) -> None:
    url = "https://HOOKS.acme.com:8443/W?a=%7e&b"

    registered = await acme.register(url, enabled=True, events=["user.closed", "reward.paid", "user.closed"])

    assert registered["webhook"]["url"] == url
    assert registered["webhook"]["enabled"] is True
    assert registered["webhook"]["subscribed_events"] == ["user.closed", "reward.paid"]


async def test_a_second_register_is_refused_whatever_its_url(acme: PartnerClient) -> None:
    await acme.register()

    answer = await acme.call("POST", "/b2b/webhooks", {"url": "https://hooks.acme.com/other"})

    assert (answer.status, answer.error) == (409, "ENexus:Webhook already exists")


async def test_unknown_fields_of_a_body_are_ignored(acme: PartnerClient) -> None:
    registered = await acme.register(colour="red", secret="mine")

    assert registered["secret"] != "mine"


async def test_a_list_shows_webhooks_without_their_secret(acme: PartnerClient) -> None:
    assert (await acme.call("GET", "/b2b/webhooks")).result == {"webhooks": []}
    registered = await acme.register()

    answer = await acme.call("GET", "/b2b/webhooks")

    assert answer.result == {"webhooks": [registered["webhook"]]}


async def test_there_is_no_get_of_one_webhook(acme: PartnerClient) -> None:
    webhook = (await acme.register())["webhook"]["id"]

    answer = await acme.call("GET", f"/b2b/webhooks/{webhook}")

    assert (answer.status, answer.error) == (405, "EGeneral:Unknown method")
    assert answer.header("allow") == "DELETE, PATCH"


async def test_an_update_replaces_the_subscription_and_leaves_what_is_omitted(acme: PartnerClient) -> None:
    path = f"/b2b/webhooks/{(await acme.register(events=['reward.paid']))['webhook']['id']}"

    enabled = await acme.call("PATCH", path, {"enabled": True})
    replaced = await acme.call("PATCH", path, {"events": ["user.closed"]})
    emptied = await acme.call("PATCH", path, {"events": []})

    assert list(enabled.result) == ["webhook"]
    assert list(enabled.result["webhook"]) == FIELDS
    assert enabled.result["webhook"]["enabled"] is True
    assert enabled.result["webhook"]["subscribed_events"] == ["reward.paid"]
    assert replaced.result["webhook"]["subscribed_events"] == ["user.closed"]
    assert emptied.result["webhook"]["subscribed_events"] == []
    assert emptied.result["webhook"]["enabled"] is True


async def test_an_empty_update_changes_nothing(acme: PartnerClient) -> None:
    webhook = (await acme.register())["webhook"]

    answer = await acme.call("PATCH", f"/b2b/webhooks/{webhook['id']}", {})

    assert answer.status == 200
    assert answer.result == {"webhook": webhook}


async def test_an_update_without_a_body_is_refused(acme: PartnerClient) -> None:
    webhook = (await acme.register())["webhook"]

    answer = await acme.call("PATCH", f"/b2b/webhooks/{webhook['id']}")

    assert (answer.status, answer.error) == (400, "EGeneral:Invalid arguments:body")


async def test_a_delete_is_permanent_and_makes_room(acme: PartnerClient) -> None:
    webhook = (await acme.register())["webhook"]["id"]

    answer = await acme.call("DELETE", f"/b2b/webhooks/{webhook}")

    assert answer.status == 200
    assert list(answer.result) == ["webhook_id", "deleted_at"]
    assert answer.result["webhook_id"] == webhook
    assert SECONDS.fullmatch(answer.result["deleted_at"])
    assert (await acme.call("DELETE", f"/b2b/webhooks/{webhook}")).status == 404
    await acme.register()


@pytest.mark.parametrize(("method", "rest"), [("PATCH", ""), ("DELETE", ""), ("POST", "/test")])
async def test_a_foreign_and_an_unknown_webhook_are_told_in_the_same_bytes(
    acme: PartnerClient, other: PartnerClient, method: str, rest: str
) -> None:
    foreign = (await other.register())["webhook"]["id"]
    document = {"enabled": True} if method == "PATCH" else None

    answers = [
        await acme.call(method, f"/b2b/webhooks/{name}{rest}", document) for name in (foreign, "AAAAAA-BBBBB-CCCCCC")
    ]

    assert {answer.status for answer in answers} == {404}
    assert answers[0].error == "ENexus:Webhook not found"
    assert answers[0].body == answers[1].body
    assert (await other.call("GET", "/b2b/webhooks")).result["webhooks"][0]["enabled"] is False


INVALID_BODIES: list[tuple[bytes, str]] = [
    (b"", "body"),
    (b"not json", "body"),
    (b"[]", "body"),
    (b"null", "body"),
    (b'"https://hooks.acme.com/w"', "body"),
    (b'{"url":"https://hooks.acme.com/w","url":"https://hooks.acme.com/w"}', "body"),
    (b'\xef\xbb\xbf{"url":"https://hooks.acme.com/w"}', "body"),
    (b'{"url":"https://hooks.acme.com/\xff"}', "body"),
    (b'{"url":"https://hooks.acme.com/w","x":NaN}', "body"),
    (b'{"url":"https://hooks.acme.com/w","x":1e999}', "body"),
    (b'{"url":"https://hooks.acme.com/w","x":"\\ud800"}', "body"),
    (b'{"url":"https://hooks.acme.com/w","x":' + b"[" * 40 + b"]" * 40 + b"}", "body"),
    (b'{"url":"https://hooks.acme.com/w","x":' + b"[" * 20_000 + b"}", "body"),
    (b'{"url":"https://hooks.acme.com/w","x":' + b"9" * 6000 + b",}", "body"),
    (b"{}", "url"),
    (b'{"url":null}', "url"),
    (b'{"url":["https://hooks.acme.com/w"]}', "url"),
    (b'{"url":""}', "url"),
    (b'{"url":"https://hooks.acme.com/' + b"a" * 2048 + b'"}', "url"),
    (b'{"url":"http://hooks.acme.com/w"}', "url"),
    (b'{"url":"https://https//example.com"}', "url"),
    (b'{"url":"https://user:pass@hooks.acme.com/w"}', "url"),
    (b'{"url":"invalid-url"}', "url"),
    (b'{"url":"https://hooks.acme.com//w"}', "url"),
    (b'{"url":"https://hooks.acme.com:22/w"}', "url"),
    (b'{"url":"https://127.0.0.1/w"}', "url"),
    (b'{"url":"https://localhost/w"}', "url"),
    (b'{"url":"https://hooks.acme.com/w","enabled":1}', "enabled"),
    (b'{"url":"https://hooks.acme.com/w","enabled":"true"}', "enabled"),
    (b'{"url":"https://hooks.acme.com/w","enabled":null}', "enabled"),
    (b'{"url":"https://hooks.acme.com/w","events":null}', "events"),
    (b'{"url":"https://hooks.acme.com/w","events":"user.closed"}', "events"),
    (b'{"url":"https://hooks.acme.com/w","events":[1]}', "events"),
    (b'{"url":"https://hooks.acme.com/w","events":["user closed"]}', "events"),
    (b'{"url":"https://hooks.acme.com/w","events":["user.closed\\n"]}', "events"),
    (b'{"url":"https://hooks.acme.com/w","events":[""]}', "events"),
    (b'{"url":"https://hooks.acme.com/w","events":["' + b"a" * 101 + b'"]}', "events"),
    (b'{"url":"https://hooks.acme.com/w","events":[' + b",".join([b'"user.closed"'] * 51) + b"]}", "events"),
    (b'{"url":"https://hooks.acme.com/w","events":["user.unheard_of"]}', "events"),
    (b'{"url":"https://hooks.acme.com/w","events":["webhook.test"]}', "events"),
]


@pytest.mark.parametrize(("body", "field"), INVALID_BODIES)
async def test_a_body_that_breaks_a_rule_is_refused_by_field(acme: PartnerClient, body: bytes, field: str) -> None:
    answer = await acme.send("POST", "/b2b/webhooks", body)

    assert (answer.status, answer.error) == (400, f"EGeneral:Invalid arguments:{field}")
    assert (await acme.call("GET", "/b2b/webhooks")).result == {"webhooks": []}


async def test_the_same_name_fifty_times_is_kept_once(acme: PartnerClient) -> None:
    registered = await acme.register(events=["user.closed"] * 50)

    assert registered["webhook"]["subscribed_events"] == ["user.closed"]


@pytest.mark.parametrize(
    ("field", "value"), [("enabled", 0), ("enabled", None), ("events", None), ("events", ["webhook.test"])]
)
async def test_an_update_is_as_strict_as_a_register(acme: PartnerClient, field: str, value: Any) -> None:  # noqa: ANN401
    path = f"/b2b/webhooks/{(await acme.register())['webhook']['id']}"

    answer = await acme.call("PATCH", path, {field: value})

    assert (answer.status, answer.error) == (400, f"EGeneral:Invalid arguments:{field}")


async def test_a_host_that_is_not_allowlisted_is_refused(acme: PartnerClient) -> None:
    answer = await acme.call("POST", "/b2b/webhooks", {"url": "https://hooks.evil.com/w"})

    assert (answer.status, answer.error) == (403, "ENexus:Webhook domain not allowlisted")


async def test_a_host_with_a_forbidden_address_is_refused_and_an_unknown_one_accepted(acme: PartnerClient) -> None:
    forbidden = await acme.call("POST", "/b2b/webhooks", {"url": f"https://{FORBIDDEN_HOST}/w"})
    unknown = await acme.call("POST", "/b2b/webhooks", {"url": f"https://{UNKNOWN_HOST}/w"})

    assert (forbidden.status, forbidden.error) == (400, "EGeneral:Invalid arguments:url")
    assert unknown.status == 200


async def test_the_checks_come_in_their_order(acme: PartnerClient) -> None:
    """Shape, then URL, then allowlist, then one webhook a partner, then address."""
    await acme.register()
    urls = {"http://hooks.evil.com/w": 400, "https://hooks.evil.com/w": 403, f"https://{FORBIDDEN_HOST}/w": 409}

    for url, status in urls.items():
        assert (await acme.call("POST", "/b2b/webhooks", {"url": url})).status == status
    answer = await acme.call("POST", "/b2b/webhooks", {"url": "http://hooks.evil.com/w", "enabled": 1})
    assert answer.error == "EGeneral:Invalid arguments:enabled"


@pytest.mark.parametrize(
    "path",
    [
        "/b2b",
        "/b2b/",
        "/b2b/webhooks/",
        "/b2b//webhooks",
        "//b2b/webhooks",
        "/b2b/webhook",
        "/b2b/%77ebhooks",
        "/b2b/webhooks%2F",
        "/b2b/./webhooks",
        "/b2b/../b2b/webhooks",
        "/b2b/webhooks/%2e",
        "/b2b/webhooks/..",
        "/b2b/webhooks/A%41",
        "/b2b/webhooks/A/",
        "/b2b/webhooks/A//test",
        "/b2b/webhooks/A/test/",
        "/b2b/webhooks/A/tests",
        "/b2b/Webhooks",
        "/b2b/webhooks;a=b",
        "/b2b/webhooks#a",
    ],
)
async def test_another_path_is_an_unknown_method(acme: PartnerClient, path: str) -> None:
    for method in ("GET", "POST", "PATCH", "DELETE"):
        answer = await acme.call(method, path)

        assert answer.status == 404
        if path.startswith("/b2b"):
            assert answer.error == "EGeneral:Unknown method"


@pytest.mark.parametrize("method", ["PUT", "HEAD", "OPTIONS", "TRACE"])
async def test_a_method_that_a_path_has_not_is_refused(at: Served, method: str) -> None:
    reader_answer = await ask(at.port, method, "/b2b/webhooks") if method != "HEAD" else None

    if reader_answer is not None:
        assert (reader_answer.status, reader_answer.error) == (405, "EGeneral:Unknown method")
        assert reader_answer.header("allow") == "GET, POST"


async def test_a_query_is_no_part_of_the_path(acme: PartnerClient) -> None:
    assert (await acme.call("GET", "/b2b/webhooks?b=%7E&a=1+2")).status == 200


async def test_every_answer_has_a_trace_id_of_its_own(acme: PartnerClient) -> None:
    answers = [
        await acme.call("GET", "/b2b/webhooks"),
        await acme.call("GET", "/b2b/nothing"),
        await acme.call("POST", "/b2b/webhooks", []),
        await ask(acme.port, "GET", "/b2b/webhooks"),
        await ask(acme.port, "PUT", "/b2b/webhooks"),
        await ask(acme.port, "GET", "/platform/v1/partners"),
        await ask(acme.port, "GET", "/healthz"),
        await ask(acme.port, "GET", "/b2b/openapi.json"),
    ]

    traces = [answer.header("x-trace-id") or "" for answer in answers]

    assert len(set(traces)) == len(traces)
    for trace in traces:
        assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", trace)
