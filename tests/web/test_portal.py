"""The partner page: a link that works once, and nothing of anybody else behind it."""

from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from support.event_samples import sample
from support.pages_client import PagesClient
from support.served import LOOPBACK_HOST, PLENTY, Served, Terms, served
from tidings.actions.context import Limits, SessionTimes
from tidings.web.asgi import WebSettings

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    web = WebSettings(rate_limit_address=PLENTY, trusted_proxies=(ip_network("127.0.0.0/8"),))
    async with served(tmp_path_factory.mktemp("portal"), Terms(web=web)) as up:
        yield up


class House:
    """A partner with a webhook, a delivery, and a visit to its page."""

    def __init__(self, at: Served, name: str) -> None:
        self.at = at
        self.name = name
        self.page = PagesClient(at.port, prefix="/portal")

    async def furnish(self) -> "House":
        client = await self.at.partner(self.name)
        made = await client.register(f"https://{LOOPBACK_HOST}:1/{self.name}", enabled=True, events=["user.closed"])
        self.webhook = made["webhook"]["id"]
        batch = {"events": [{"partner": self.name, "payload": sample("user.closed")}]}
        (event,) = (await self.at.platform_json("POST", "/platform/v1/events", batch))["events"]
        self.event, (self.delivery,) = event["id"], event["deliveries"]
        return self

    async def link(self) -> str:
        made = await self.at.platform_json("POST", f"/platform/v1/partners/{self.name}/portal-link")
        return str(made["path"])

    async def enter(self) -> "House":
        token = (await self.link()).partition("=")[2]
        assert (await self.page.post("/portal/open", {"token": token})).status_code == 303
        await self.page.get("/portal")
        return self

    async def subscribed(self) -> tuple[bool, list[str]]:
        found = (await self.at.platform_json("GET", f"/platform/v1/webhooks/{self.webhook}"))["webhook"]
        return found["enabled"], found["events"]


async def test_a_link_is_opened_once_and_only_by_a_click(at: Served) -> None:
    acme = await House(at, "once").furnish()
    link = await acme.link()
    token = link.partition("=")[2]
    looked = [await acme.page.get(link) for _ in range(3)]
    assert [answer.status_code for answer in looked] == [200] * 3
    assert (await acme.page.get("/portal")).status_code == 303

    first = await acme.page.post("/portal/open", {"token": token})
    again = await PagesClient(at.port).post("/portal/open", {"token": token})

    assert (first.status_code, first.headers["location"]) == (303, "/portal")
    assert all(part in first.headers["set-cookie"] for part in ("HttpOnly", "SameSite=Lax", "Path=/portal"))
    assert again.status_code == 401
    assert "This link was used before" in again.text
    assert "once" in (await acme.page.get("/portal")).text


async def test_a_link_leads_to_where_it_was_asked_for(at: Served) -> None:
    await at.partner("linked")
    made = await at.platform(
        "POST",
        "/platform/v1/partners/linked/portal-link",
        headers=[("x-forwarded-proto", "https"), ("x-forwarded-host", "hooks.example.org")],
    )

    assert made.status == 201
    assert made.result["url"] == "https://hooks.example.org" + made.result["path"]


async def test_no_link_for_a_partner_that_is_disabled_or_not_there(at: Served) -> None:
    gone = await (await House(at, "switched-off").furnish()).enter()
    await at.platform_json("POST", "/platform/v1/partners/switched-off/disable")

    assert (await at.platform("POST", "/platform/v1/partners/switched-off/portal-link")).status == 409
    assert (await at.platform("POST", "/platform/v1/partners/nobody/portal-link")).status == 404
    assert (await gone.page.get("/portal")).status_code == 303


async def test_a_link_and_a_visit_end_by_themselves(tmp_path: Path) -> None:
    for times, opened in ((SessionTimes(portal_link=0), 401), (SessionTimes(portal=0), 303)):
        folder = tmp_path / str(opened)
        folder.mkdir()
        limits = msgspec.structs.replace(Limits(rate_limit=PLENTY), sessions=times)
        async with served(folder, Terms(limits=limits)) as up:
            acme = await House(up, "acme").furnish()
            token = (await acme.link()).partition("=")[2]
            assert (await acme.page.post("/portal/open", {"token": token})).status_code == opened
            assert (await acme.page.get("/portal")).status_code == 303


async def test_a_partner_sees_and_changes_what_is_its_own(at: Served) -> None:
    acme = await (await House(at, "own").furnish()).enter()
    page = acme.page
    webhook, delivery = f"/portal/webhooks/{acme.webhook}", f"/portal/deliveries/{acme.delivery}"

    assert acme.delivery in (await page.get("/portal")).text
    assert acme.delivery in (await page.get("/portal/deliveries")).text
    assert acme.event in (await page.get(delivery)).text
    assert (await page.post(f"{webhook}/test")).status_code == 200
    early = await page.post(f"{delivery}/redeliver")
    await page.post(f"{webhook}/disable")
    await page.post(f"{webhook}/enable")
    again = await page.post(f"{delivery}/redeliver")
    assert early.status_code == 409
    assert f"The delivery {acme.delivery} is still under way: its next attempt is due now." in early.text
    assert "Redelivery of" in (await page.get(again.headers["location"])).text
    await page.post(f"{webhook}/events", {"event": "reward.paid"})
    await page.post(f"{webhook}/disable")
    assert await acme.subscribed() == (False, ["reward.paid"])
    await page.post(f"{webhook}/events")
    await page.post(f"{webhook}/enable")
    assert await acme.subscribed() == (True, [])

    told = (await at.platform_json("GET", "/platform/v1/audit?actor=portal:own"))["entries"]
    assert [entry["action"] for entry in told][::-1] == [
        "partner.portal_open",
        "webhook.test",
        *["webhook.update"] * 2,
        "delivery.redeliver",
        *["webhook.update"] * 4,
    ]


async def test_a_partner_sees_and_changes_nothing_of_another(at: Served) -> None:
    mine = await (await House(at, "mine").furnish()).enter()
    theirs = await House(at, "theirs").furnish()
    page = mine.page
    unknown = await page.get("/portal/deliveries/dlv_00000000000000000000000000")

    foreign = await page.get(f"/portal/deliveries/{theirs.delivery}")
    assert foreign.status_code == unknown.status_code == 404
    for query in (f"webhook={theirs.webhook}", f"event={theirs.event}", "partner=theirs", "state=pending", ""):
        text = (await page.get(f"/portal/deliveries?{query}")).text
        assert theirs.delivery not in text, query
        assert "theirs" not in text.replace(query, ""), query
    acts = [
        f"/portal/deliveries/{theirs.delivery}/redeliver",
        *(f"/portal/webhooks/{theirs.webhook}/{act}" for act in ("test", "enable", "disable", "events")),
    ]
    assert [(await page.post(act)).status_code for act in acts] == [404] * 5
    assert await theirs.subscribed() == (True, ["user.closed"])
    assert (await page.get("/console")).status_code == 303
    assert (await page.get("/platform/v1/deliveries")).status_code == 401


async def test_a_form_of_another_site_changes_nothing(at: Served) -> None:
    acme = await (await House(at, "forged").furnish()).enter()
    act = f"/portal/webhooks/{acme.webhook}/disable"

    assert (await acme.page.post(act, origin="https://evil.example")).status_code == 403
    assert (await acme.page.post(act, origin=None)).status_code == 403
    assert (await acme.page.post(act, {"form_token": "0" * 64})).status_code == 403
    assert (await acme.page.get(act)).status_code == 405
    assert (await acme.subscribed())[0]


async def test_who_leaves_is_out(at: Served) -> None:
    acme = await (await House(at, "leaving").furnish()).enter()

    assert (await acme.page.post("/portal/leave")).status_code == 303
    assert (await acme.page.get("/portal")).status_code == 303
