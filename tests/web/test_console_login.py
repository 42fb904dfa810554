"""Who gets into the console, and what a session and a form are worth."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import httpx
import msgspec
import pytest
import pytest_asyncio

from support.outages import held_by_another_program
from support.pages_client import PagesClient
from support.served import PLENTY, Served, Terms, served
from tidings.actions import auditing, operators
from tidings.actions.auditing import AuditFilter
from tidings.actions.context import Limits, SessionTimes
from tidings.core.instants import SECOND, Span
from tidings.core.model import OperatorRole
from tidings.core.secret import Secret
from tidings.telemetry.facts import AccessRefused
from tidings.web.asgi import WebSettings
from tidings.web.console import live

PASSWORD = "correct horse battery"
PAGE = "/console/deliveries"
LOOPBACK = ip_network("127.0.0.0/8")


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[Served]:
    web = WebSettings(rate_limit_address=PLENTY, trusted_proxies=(LOOPBACK,))
    async with served(tmp_path, Terms(web=web)) as up:
        await operators.create(up.ctx, "ada", role=OperatorRole.OPERATOR, password=Secret(PASSWORD.encode()))
        await operators.create(up.ctx, "vic", role=OperatorRole.VIEWER, password=Secret(PASSWORD.encode()))
        yield up


@pytest.fixture
def visitor(at: Served) -> PagesClient:
    return PagesClient(at.port)


async def test_a_stranger_is_sent_to_the_login_and_from_there_back(visitor: PagesClient) -> None:
    sent = await visitor.get(f"{PAGE}?state=failed&partner=a%2Fb")
    assert (sent.status_code, sent.content) == (303, b"")
    assert sent.headers["location"] == "/console/login?next=/console/deliveries%3Fstate%3Dfailed%26partner%3Da%252Fb"

    await visitor.get(sent.headers["location"])
    back = await visitor.log_in("ada", PASSWORD, to=f"{PAGE}?state=failed&partner=a%2Fb")

    assert (back.status_code, back.headers["location"]) == (303, f"{PAGE}?state=failed&partner=a%2Fb")
    assert (await visitor.get(PAGE)).status_code == 200


@pytest.mark.parametrize(
    "place",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/consolexyz", "/console\r\nx: y", "/platform", "x"],
)
async def test_nobody_is_sent_on_to_another_place(visitor: PagesClient, place: str) -> None:
    sent = await visitor.log_in("ada", PASSWORD, to=place)

    assert sent.headers["location"] == "/console"


async def test_a_wrong_name_and_a_wrong_password_are_refused_alike(at: Served, visitor: PagesClient) -> None:
    wrong_name = await visitor.log_in("nobody", PASSWORD)
    wrong_password = await visitor.log_in("nobodx", "wrong horse battery")
    really_wrong = await visitor.log_in("ada", "wrong horse battery")

    assert [one.status_code for one in (wrong_name, wrong_password, really_wrong)] == [401, 401, 401]
    assert "The name or the password is not right" in really_wrong.text
    assert len(wrong_name.text) == len(wrong_password.text)
    assert AccessRefused("console", "unauthenticated", "127.0.0.1") in at.facts
    assert PASSWORD not in really_wrong.text


async def test_the_cookie_is_for_no_script_and_no_other_site(visitor: PagesClient) -> None:
    plain = await visitor.log_in("ada", PASSWORD)
    cookie = plain.headers["set-cookie"]
    assert "; HttpOnly" in cookie
    assert "; SameSite=Strict" in cookie
    assert "; Path=/console" in cookie
    assert "Secure" not in cookie


async def test_behind_a_trusted_proxy_with_https_the_cookie_is_secure(at: Served) -> None:
    proxied = PagesClient(at.port, headers={"x-forwarded-proto": "https", "host": "hooks.example.org"})
    page = await proxied.get("/console/login")
    assert "; Secure" in page.headers["set-cookie"]
    cookie = {"cookie": page.headers["set-cookie"].split(";")[0]}
    fields = {"name": "ada", "password": PASSWORD}

    insecure = await proxied.post("/console/login", fields, origin="http://hooks.example.org", headers=cookie)
    secure = await proxied.post("/console/login", fields, origin="https://hooks.example.org", headers=cookie)

    assert insecure.status_code == 403
    assert secure.status_code == 303
    assert "; Secure" in secure.headers["set-cookie"]


async def test_guessing_is_slowed_down_for_a_name_and_for_an_address(at: Served, visitor: PagesClient) -> None:
    for _ in range(12):
        assert (await visitor.log_in("ada", PASSWORD)).status_code == 303
        visitor.http.cookies.clear()
    answers = [(await visitor.log_in("ada", "wrong horse battery")).status_code for _ in range(30)]
    assert answers[:10] == [401] * 10
    assert 429 in answers

    other = PagesClient(at.port, headers={"x-forwarded-for": "192.0.2.7"})
    assert (await other.log_in("vic", PASSWORD)).status_code == 303
    other.http.cookies.clear()
    answers = [(await other.log_in(f"nobody{number}", PASSWORD)).status_code for number in range(40)]
    assert answers[:20] == [401] * 20
    assert 429 in answers


@pytest.mark.parametrize(
    ("origin", "headers"),
    [
        (None, {}),
        ("null", {}),
        ("http://evil.example", {}),
        ("", {"sec-fetch-site": "cross-site"}),
        ("", {"sec-fetch-site": "same-site"}),
    ],
)
async def test_a_form_of_another_site_is_refused(
    at: Served, visitor: PagesClient, origin: str | None, headers: dict[str, str]
) -> None:
    await visitor.log_in("ada", PASSWORD)
    await visitor.get(PAGE)

    refused = await visitor.post("/console/logout", origin=origin, headers=headers)

    assert refused.status_code == 403
    assert (await visitor.get(PAGE)).status_code == 200
    assert at.facts


async def test_a_form_without_the_token_of_its_session_is_refused(at: Served, visitor: PagesClient) -> None:
    other = PagesClient(at.port)
    await other.log_in("vic", PASSWORD)
    await other.get(PAGE)
    await visitor.log_in("ada", PASSWORD)
    await visitor.get(PAGE)
    foreign = {"form_token": other.form_token}

    assert (await visitor.post("/console/logout", foreign)).status_code == 403
    assert (await visitor.post("/console/logout", {"form_token": ""})).status_code == 403
    assert (await visitor.post("/console/login", {"form_token": ""})).status_code == 403


async def test_who_logs_out_is_out(visitor: PagesClient) -> None:
    await visitor.log_in("ada", PASSWORD)
    cookie = visitor.http.cookies["tidings_console"]
    await visitor.get(PAGE)

    out = await visitor.post("/console/logout")

    assert out.status_code == 303
    again = PagesClient(visitor.port, headers={"cookie": f"tidings_console={cookie}"})
    assert (await again.get(PAGE)).status_code == 303


async def test_a_live_tail_ends_when_its_operator_is_disabled(
    at: Served, visitor: PagesClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "ROUNDS_OF_TRUST", 1)
    await visitor.log_in("ada", PASSWORD)
    # The visitor reads every answer to its end, and this one goes on.
    async with (
        asyncio.timeout(20),
        httpx.AsyncClient(cookies=visitor.http.cookies, trust_env=False) as browser,
        browser.stream("GET", f"{visitor.origin}/console/live") as answer,
    ):
        lines = answer.aiter_lines()
        first = await anext(lines)
        await operators.disable(at.ctx, "ada")
        rest = [line async for line in lines]

    assert answer.headers["content-type"] == "text/event-stream"
    assert first == ": still here"
    assert not any(rest)


async def test_an_operator_who_is_disabled_or_gets_another_password_is_out_at_once(
    at: Served, visitor: PagesClient
) -> None:
    await visitor.log_in("ada", PASSWORD)
    await operators.disable(at.ctx, "ada")
    assert (await visitor.get(PAGE)).status_code == 303
    assert (await visitor.log_in("ada", PASSWORD)).status_code == 401

    await operators.enable(at.ctx, "ada")
    assert (await visitor.get(PAGE)).status_code == 303
    await visitor.log_in("ada", PASSWORD)
    await operators.set_password(at.ctx, "ada", password=Secret(b"another horse battery"))
    assert (await visitor.get(PAGE)).status_code == 303


@pytest.mark.parametrize("times", [SessionTimes(idle=0), SessionTimes(longest=0)])
async def test_a_session_ends_by_itself(tmp_path: Path, times: SessionTimes) -> None:
    limits = msgspec.structs.replace(Limits(rate_limit=PLENTY), sessions=times)
    async with served(tmp_path, Terms(limits=limits)) as up:
        await operators.create(up.ctx, "ada", role=OperatorRole.OPERATOR, password=Secret(PASSWORD.encode()))
        visitor = PagesClient(up.port)
        assert (await visitor.log_in("ada", PASSWORD)).status_code == 303

        assert (await visitor.get(PAGE)).status_code == 303


@asynccontextmanager
async def logged_in(tmp_path: Path, *, idle: Span) -> AsyncIterator[tuple[Served, PagesClient]]:
    limits = msgspec.structs.replace(Limits(rate_limit=PLENTY), sessions=SessionTimes(idle=idle))
    async with served(tmp_path, Terms(limits=limits)) as up:
        await operators.create(up.ctx, "ada", role=OperatorRole.OPERATOR, password=Secret(PASSWORD.encode()))
        visitor = PagesClient(up.port)
        await visitor.log_in("ada", PASSWORD)
        yield up, visitor


async def test_a_session_that_is_used_does_not_become_idle(tmp_path: Path) -> None:
    async with logged_in(tmp_path, idle=5 * SECOND) as (up, visitor):
        ends = up.ctx.clock.monotonic() + 6 * SECOND
        while up.ctx.clock.monotonic() < ends:
            assert (await visitor.get(PAGE)).status_code == 200
            await asyncio.sleep(0.2)


async def test_a_page_that_refreshes_itself_keeps_nobody_logged_in(tmp_path: Path) -> None:
    async with logged_in(tmp_path, idle=2 * SECOND) as (_, visitor):
        visitor.headers["sec-fetch-mode"] = "cors"
        async with asyncio.timeout(20):
            while (await visitor.get(PAGE)).status_code == 200:
                pass

        assert (await visitor.get(PAGE)).status_code == 303


async def test_who_is_logged_in_may_look_at_a_database_that_takes_no_writes(tmp_path: Path) -> None:
    async with logged_in(tmp_path, idle=4 * SECOND) as (up, visitor):
        with held_by_another_program(up.ctx.store._database._path):  # type: ignore[attr-defined] # SQLite here
            await asyncio.sleep(1.1)
            assert (await visitor.get(PAGE)).status_code == 200


async def test_a_login_is_told_in_the_audit_trail(at: Served, visitor: PagesClient) -> None:
    await visitor.log_in("ada", "wrong horse battery")
    await visitor.log_in("ada", PASSWORD)

    told = (await auditing.list_entries(at.ctx, AuditFilter(), limit=3, cursor=None)).entries
    assert [entry.action for entry in told] == ["operator.log_in", "operator.create", "operator.create"]
    assert (told[0].actor, told[0].address) == ("operator:ada", "127.0.0.1")


async def test_a_viewer_looks_and_does_nothing(at: Served, visitor: PagesClient) -> None:
    await visitor.log_in("vic", PASSWORD)
    page = await visitor.get(PAGE)

    assert page.status_code == 200
    assert (await visitor.post(f"{PAGE}/dlv_00000000000000000000000000/redeliver")).status_code == 403
    assert at.facts


async def test_every_page_forbids_inline_code_and_frames_and_is_kept_by_nobody(visitor: PagesClient) -> None:
    await visitor.log_in("ada", PASSWORD)
    for path in ("/console/login", PAGE, "/console/nowhere", f"{PAGE}/nothing"):
        page = await visitor.get(path)
        policy = page.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["cache-control"] == "no-store"


async def test_assets_are_kept_for_ever_under_names_of_their_content(visitor: PagesClient) -> None:
    page = await visitor.get("/console/login")
    sheet = page.text.split('rel="stylesheet" href="')[1].split('"')[0]

    first = await visitor.get(sheet)
    again = await visitor.http.get(sheet, headers={"if-none-match": first.headers["etag"]})

    assert (first.status_code, again.status_code) == (200, 304)
    assert "immutable" in first.headers["cache-control"]
    assert first.headers["content-type"].startswith("text/css")
    assert (await visitor.get("/console/assets/tidings.css")).status_code == 404
