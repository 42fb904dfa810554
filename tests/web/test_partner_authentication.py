"""Who may come in, as docs/contract.md section 4 and docs/security.md section 3 have it."""

import asyncio
import base64
import json
from pathlib import Path

import pytest

from support.partner_client import PartnerClient, ask
from support.served import PLENTY, Served, Terms, served
from tidings.actions import keys, partners
from tidings.actions.context import Limits
from tidings.core.rate import Rate
from tidings.telemetry.facts import AccessRefused
from tidings.web.asgi import WebSettings

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/b2b/webhooks"


async def refusal(acme: PartnerClient, headers: list[tuple[str, str]], body: bytes = b"") -> tuple[int, str]:
    answer = await ask(acme.port, "POST" if body else "GET", PATH, headers=headers, body=body)
    return answer.status, answer.error


async def test_a_request_without_any_header_lacks_its_key(acme: PartnerClient) -> None:
    assert await refusal(acme, []) == (401, "EAPI:Invalid key")


async def test_key_signature_and_nonce_are_judged_in_this_order(acme: PartnerClient) -> None:
    key, nonce, sign = acme.signed(PATH)

    assert await refusal(acme, [("API-Key", "nobody"), ("API-Nonce", "x"), ("API-Sign", "x")]) == (
        401,
        "EAPI:Invalid key",
    )
    assert await refusal(acme, [key, nonce]) == (401, "EAPI:Invalid signature")
    assert await refusal(acme, [key, nonce, ("API-Sign", "junk")]) == (401, "EAPI:Invalid signature")
    assert await refusal(acme, [key, sign]) == (401, "EAPI:Invalid nonce")
    assert await refusal(acme, acme.signed(PATH, nonce="012")) == (401, "EAPI:Invalid nonce")


@pytest.mark.parametrize("doubled", [0, 1, 2])
async def test_a_doubled_header_counts_as_missing(acme: PartnerClient, doubled: int) -> None:
    headers = acme.signed(PATH)
    expected = ["EAPI:Invalid key", "EAPI:Invalid nonce", "EAPI:Invalid signature"]

    assert await refusal(acme, [*headers, headers[doubled]]) == (401, expected[doubled])


@pytest.mark.parametrize(
    "nonce", ["0", "00", "012", "+12", "-12", "1_000", "1e3", "12.0", "0x10", str(2**64), "9" * 400, "²"]
)
async def test_a_nonce_that_is_not_canonical_is_refused(acme: PartnerClient, nonce: str) -> None:
    assert await refusal(acme, acme.signed(PATH, nonce=nonce)) == (401, "EAPI:Invalid nonce")


async def test_the_largest_nonces_are_fine(acme: PartnerClient) -> None:
    for nonce in (2**63 - 1, 2**63, 2**64 - 1):
        assert (await acme.send("GET", PATH, b"", nonce=str(nonce))).status == 200
    assert (await acme.send("GET", PATH, b"", nonce=str(2**64 - 1))).error == "EAPI:Invalid nonce"


async def test_a_bad_signature_spends_no_nonce(acme: PartnerClient) -> None:
    key, _, sign = acme.signed(PATH)

    assert await refusal(acme, [key, ("API-Nonce", str(2**64 - 1)), sign]) == (401, "EAPI:Invalid signature")
    assert (await acme.call("GET", PATH)).status == 200


async def test_a_nonce_is_spent_whatever_the_answer(acme: PartnerClient) -> None:
    missing = f"{PATH}/AAAAAA-BBBBB-CCCCCC"
    assert (await acme.send("DELETE", missing, b"", nonce="5000")).status == 404

    assert (await acme.send("DELETE", missing, b"", nonce="5000")).error == "EAPI:Invalid nonce"
    assert (await acme.send("DELETE", missing, b"", nonce="4999")).error == "EAPI:Invalid nonce"


async def test_a_window_admits_unused_nonces_below_the_highest(at: Served, acme: PartnerClient) -> None:
    partner = (await partners.list_partners(at.ctx))[-1].id
    made = await keys.create(at.ctx, partner, nonce_window=10)
    windowed = PartnerClient(port=at.port, key=made.key.key, secret=made.secret.reveal().decode())

    answers = [
        (await windowed.send("GET", PATH, b"", nonce=nonce)).status for nonce in ("100", "95", "95", "91", "90", "101")
    ]

    assert answers == [200, 200, 401, 200, 401, 200]
    assert (await acme.call("GET", PATH)).status == 200


async def test_of_equal_requests_at_once_exactly_one_succeeds(acme: PartnerClient) -> None:
    headers = acme.signed(PATH)

    answers = await asyncio.gather(*(ask(acme.port, "GET", PATH, headers=headers) for _ in range(40)))

    assert sorted(answer.status for answer in answers) == [200] + [401] * 39


@pytest.mark.parametrize(
    "target", ["/b2b/webhooks?b=2&a=1", "/b2b/webhooks?a=1&b=%32", "/b2b/webhooks?a=1&b=2&", "/b2b/webhooks"]
)
async def test_another_target_than_the_signed_one_is_refused(acme: PartnerClient, target: str) -> None:
    headers = acme.signed("/b2b/webhooks?a=1&b=2")

    answer = await ask(acme.port, "GET", target, headers=headers)

    assert (answer.status, answer.error) == (401, "EAPI:Invalid signature")


async def test_a_plus_is_not_an_encoded_space(acme: PartnerClient) -> None:
    headers = acme.signed("/b2b/webhooks?a=1+2")

    answer = await ask(acme.port, "GET", "/b2b/webhooks?a=1%202", headers=headers)

    assert answer.error == "EAPI:Invalid signature"


async def test_the_signature_is_over_the_bytes_as_sent(acme: PartnerClient) -> None:
    bodies = [
        b'{"url":"https://hooks.acme.com/w?a=1\\u0026b"}',
        b'{ "url" : "https://hooks.acme.com/w" }\n',
        b'{"events": [], "url": "https://hooks.acme.com/w"}',
    ]
    for body in bodies:
        answer = await acme.send("POST", PATH, body)
        assert answer.status == 200, answer
        await acme.call("DELETE", f"{PATH}/{answer.result['webhook']['id']}")
    other = acme.signed(PATH, json.dumps({"url": "https://hooks.acme.com/w"}).encode())
    body = b'{"url":"https://hooks.acme.com/w"}'
    assert await refusal(acme, other, body) == (401, "EAPI:Invalid signature")


async def test_odd_spellings_of_the_signature_are_refused(acme: PartnerClient) -> None:
    key, nonce, (_, good) = acme.signed(PATH)
    last = "A" if good[85] != "A" else "B"
    spellings = ["", "x", good[:-1], good + "=", good[:85] + last + "==", good.rstrip("="), "A" * 10_000]
    spellings += ["é" * 88, base64.b64encode(bytes(32)).decode(), good.replace("=", "%3D"), good + " " + good]

    bodies = set()
    for spelling in spellings:
        answer = await ask(acme.port, "GET", PATH, headers=[key, nonce, ("API-Sign", spelling)])
        assert (answer.status, answer.error) == (401, "EAPI:Invalid signature"), spelling
        bodies.add(answer.body)
    assert len(bodies) == 1
    assert (await ask(acme.port, "GET", PATH, headers=[key, nonce, ("API-Sign", good)])).status == 200


async def test_digits_do_not_move_between_nonce_and_body(acme: PartnerClient) -> None:
    for body in (b"23", b"3", b"[1]", b'"a"'):
        answer = await acme.send("GET", PATH, body)
        assert (answer.status, answer.error) == (400, "EGeneral:Invalid arguments:body")


async def test_a_json_object_that_nobody_needs_is_ignored(acme: PartnerClient) -> None:
    assert (await acme.send("GET", PATH, b"{}")).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("Payward-Version", "2025-04-15")], 200),
        ([("Kraken-Version", "2025-04-15")], 200),
        ([("Payward-Version", "2025-04-15"), ("Kraken-Version", "1999-01-01")], 200),
        ([("Payward-Version", "1999-01-01"), ("Kraken-Version", "2025-04-15")], 400),
        ([("Payward-Version", "2024-01-01")], 400),
        ([("Kraken-Version", "2024-01-01")], 400),
        ([("Payward-Version", "")], 400),
    ],
)
async def test_there_is_one_version(acme: PartnerClient, headers: list[tuple[str, str]], status: int) -> None:
    answer = await acme.call("GET", PATH, headers=headers)

    assert answer.status == status
    if status == 400:
        assert answer.error == "EGeneral:Invalid arguments:Payward-Version"


async def test_a_disabled_partner_is_authenticated_but_not_permitted(at: Served) -> None:
    client = await at.partner("disabled")
    await partners.disable(at.ctx, "disabled")

    answer = await client.call("GET", PATH)

    assert (answer.status, answer.error) == (403, "EGeneral:Permission denied")
    await partners.enable(at.ctx, "disabled")
    assert (await client.call("GET", PATH)).status == 200


async def test_a_revoked_key_is_an_unknown_one(at: Served, acme: PartnerClient) -> None:
    await keys.revoke(at.ctx, acme.key)

    assert await refusal(acme, acme.signed(PATH)) == (401, "EAPI:Invalid key")


async def test_a_refusal_is_told_without_a_secret(at: Served, acme: PartnerClient) -> None:
    before = len(at.facts)
    headers = acme.signed(PATH)
    await refusal(acme, [*headers[:2], ("API-Sign", "c2VjcmV0")])

    told = [fact for fact in at.facts[before:] if isinstance(fact, AccessRefused)]
    assert told == [AccessRefused(api="partner", code="invalid_signature", address="127.0.0.1")]


async def test_a_key_has_a_rate_of_its_own(tmp_path: Path) -> None:
    async with served(tmp_path, Terms(limits=Limits(rate_limit=Rate(3, 0.01)))) as at:
        fast, calm = await at.partner("fast"), await at.partner("calm")

        answers = [await fast.call("GET", PATH) for _ in range(5)]

        assert [answer.status for answer in answers] == [200, 200, 200, 429, 429]
        assert answers[3].error == "EAPI:Rate limit exceeded"
        assert int(answers[3].header("retry-after") or 0) >= 1
        assert (await calm.call("GET", PATH)).status == 200
        assert (await refusal(fast, []))[0] == 401


async def test_an_address_has_a_rate_before_anybody_is_known(tmp_path: Path) -> None:
    terms = Terms(web=WebSettings(rate_limit_address=Rate(3, 0.01)), limits=Limits(rate_limit=PLENTY))
    async with served(tmp_path, terms) as at:
        spoof = [[("X-Forwarded-For", f"192.0.2.{number}")] for number in range(5)]

        answers = [await ask(at.port, "GET", "/b2b/nothing", headers=headers) for headers in spoof]

        assert [answer.status for answer in answers] == [404, 404, 404, 429, 429]
        assert answers[4].error == "EAPI:Rate limit exceeded"
        assert answers[4].header("retry-after") is not None
        assert (await at.platform("GET", "/platform/v1/partners")).status == 200
