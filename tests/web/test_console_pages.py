"""The console's pages over the wire: what is found, what is refused, and that viewers only look."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import insert, update

from support.event_samples import sample
from support.pages_client import PagesClient
from support.partner_client import PartnerClient
from support.served import LOOPBACK_HOST, Served, served
from tidings.actions import bulk_redelivery, operators
from tidings.actions.bulk_redelivery import Pace
from tidings.core.model import OperatorRole
from tidings.core.secret import Secret
from tidings.store.group_commit import each
from tidings.store.tables import attempts, deliveries
from tidings.store.transaction import Transaction

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "correct horse battery"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    folder: Path = tmp_path_factory.mktemp("pages")
    async with served(folder) as up:
        for name, role in (("ada", OperatorRole.OPERATOR), ("vic", OperatorRole.VIEWER)):
            await operators.create(up.ctx, name, role=role, password=Secret(PASSWORD.encode()))
        yield up


def _cut_off(transaction: Transaction, name: str) -> None:
    """Have a delivery lose two leases."""
    waits = {"attempts": 2, "leases_lost": 2, "last_outcome": "lease_lost"}
    transaction.connection.execute(update(deliveries).where(deliveries.c.id == name).values(waits))
    lost = {"delivery_id": name, "started_at": 1, "outcome": "lease_lost"}
    transaction.connection.execute(insert(attempts), [lost | {"number": number} for number in (1, 2)])


_cut_off_all = each(_cut_off)


async def visitor(at: Served, name: str) -> PagesClient:
    client = PagesClient(at.port)
    assert (await client.log_in(name, PASSWORD)).status_code == 303
    return client


async def registered(at: Served, name: str) -> tuple[PartnerClient, str]:
    partner = await at.partner(name)
    made = await partner.register(f"https://{LOOPBACK_HOST}:1/w", enabled=True, events=["user.closed"])
    return partner, made["webhook"]["id"]


async def published(at: Served, partner: str) -> str:
    batch = {"events": [{"partner": partner, "payload": sample("user.closed")}]}
    (event,) = (await at.platform_json("POST", "/platform/v1/events", batch))["events"]
    return str(event["deliveries"][0])


async def test_pages_walk_a_list_to_its_end_and_back(at: Served) -> None:
    await registered(at, "walked")
    made = [await published(at, "walked") for _ in range(120)]
    ada = await visitor(at, "ada")
    down = await walked(ada, "/console/deliveries?partner=walked", "next")
    back = await walked(ada, link(down[-1], "prev"), "prev")

    seen = [ids_on(page) for page in down]
    assert [name for part in seen for name in part] == made[::-1]
    assert [ids_on(page) for page in back] == seen[:-1][::-1]


@pytest.mark.parametrize(
    "path",
    [
        "/console/deliveries?state=nonsense",
        "/console/deliveries?since=yesterday",
        "/console/deliveries?until=0001-01-01T00:00",
        "/console/deliveries?before=evt_00000000000000000000000000",
        "/console/deliveries?partner=a&partner=b",
        "/console/deliveries?partner=%00",
        "/console/deliveries?partner=%ff",
        "/console/events?unrouted=never",
        "/console/events?idempotency_key=k",
        "/console/audit?actor=nobody",
        "/console/audit?action=burn",
        "/console/partners?before=A%20B",
    ],
)
async def test_a_question_that_makes_no_sense_is_refused_with_a_page(at: Served, path: str) -> None:
    answer = await (await visitor(at, "ada")).get(path)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "/console/deliveries/dlv_00000000000000000000000000",
        "/console/events/evt_00000000000000000000000000",
        "/console/partners/nobody",
        "/console/webhooks/WHAAAAAA-AAAAA-AAAAAA",
        "/console/assets/nothing.css",
        "/console/nowhere",
        "/console//deliveries",
        "/console/deliveries/",
    ],
)
async def test_what_is_not_there_is_404(at: Served, path: str) -> None:
    assert (await (await visitor(at, "ada")).get(path)).status_code == 404


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("dlv_1", "/console/deliveries/dlv_1"),
        ("evt_1", "/console/events/evt_1"),
        ("WH1-2", "/console/webhooks/WH1-2"),
        ("acme", "/console/partners/acme"),
        ("//evil.example", "/console/partners/%2F%2Fevil.example"),
        ("", "/console/partners"),
    ],
)
async def test_an_id_leads_to_its_page(at: Served, name: str, place: str) -> None:
    answer = await (await visitor(at, "ada")).http.get("/console/find", params={"id": name})

    assert (answer.status_code, answer.headers["location"]) == (303, place)


async def test_what_an_operator_does_a_viewer_may_not_and_nothing_is_changed_by_get(at: Served) -> None:
    _, webhook = await registered(at, "operated")
    delivery = await published(at, "operated")
    acts = [
        f"/console/webhooks/{webhook}/disable",
        f"/console/webhooks/{webhook}/enable",
        f"/console/webhooks/{webhook}/test",
        f"/console/deliveries/{delivery}/redeliver",
    ]
    vic, ada = await visitor(at, "vic"), await visitor(at, "ada")
    await vic.get("/console/deliveries")
    await ada.get("/console/deliveries")

    assert [(await vic.post(act)).status_code for act in acts] == [403] * 4
    assert [(await ada.get(act)).status_code for act in acts] == [405] * 4
    assert [(await ada.post(act)).status_code for act in acts] == [303, 303, 200, 303]
    told = (await at.platform_json("GET", "/platform/v1/audit?partner=operated&actor=operator:ada"))["entries"]
    assert [entry["action"] for entry in told][::-1] == [
        "webhook.update",
        "webhook.update",
        "webhook.test",
        "delivery.redeliver",
    ]
    assert "Send a test" not in (await vic.get(f"/console/webhooks/{webhook}")).text
    assert "Send a test" in (await ada.get(f"/console/webhooks/{webhook}")).text


async def test_what_is_still_under_way_is_not_sent_again(at: Served) -> None:
    await registered(at, "hurried")
    delivery = await published(at, "hurried")
    ada = await visitor(at, "ada")
    await ada.get("/console/deliveries")

    refused = await ada.post(f"/console/deliveries/{delivery}/redeliver")

    assert refused.status_code == 409
    assert f"The delivery {delivery} is still under way: its next attempt is due now." in refused.text


async def test_what_is_too_much_to_count_at_a_glance_is_counted_on_request(
    at: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_redelivery, "AT_A_GLANCE", Pace(patience=0, window=2))
    _, webhook = await registered(at, "plenty")
    for _ in range(5):
        await published(at, "plenty")
    await at.platform_json("POST", f"/platform/v1/webhooks/{webhook}/disable")
    ada = await visitor(at, "ada")

    page = (await ada.get("/console/redeliveries/new?partner=plenty&state=cancelled")).text
    exact = (await ada.get("/console/redeliveries/new?partner=plenty&state=cancelled&count=all")).text

    assert "More than 2 deliveries would be sent again." in page
    assert "Send all of them again" in page
    assert 'href="?partner=plenty&amp;state=cancelled&amp;count=all"' in page
    assert 'role="status">5 deliveries would be sent again.' in exact
    assert "Send 5 again" in exact
    assert "Count all of them" not in exact


async def walked(client: PagesClient, place: str, relation: str) -> list[str]:
    """Return the pages from ``place`` on, following the links of a relation."""
    pages: list[str] = []
    while place:
        pages.append((await client.get(place)).text)
        place = link(pages[-1], relation)
    return pages


def ids_on(page: str) -> list[str]:
    return [row.split('"')[0] for row in page.split('<tr id="')[1:]]


def link(page: str, relation: str) -> str:
    """Return where the link of that relation leads, empty when there is none."""
    marked = f'" rel="{relation}"'
    if marked not in page:
        return ""
    query = page.split(marked, maxsplit=1)[0].rpartition('href="')[2]
    return "/console/deliveries" + query.replace("&amp;", "&")


async def test_a_delivery_that_was_cut_off_again_and_again_is_said_to_be_sent_apart(at: Served) -> None:
    await registered(at, "suspected")
    name = await published(at, "suspected")
    ada = await visitor(at, "ada")
    before = await ada.get(f"/console/deliveries/{name}")

    await at.ctx.store.write(_cut_off_all, name)
    after = await ada.get(f"/console/deliveries/{name}")

    assert "sent apart" not in before.text
    assert "attempt 3 is due" in after.text
    assert "sent apart from all others" in after.text


async def test_a_delivery_of_a_deleted_webhook_leads_to_nothing_that_is_gone(at: Served) -> None:
    partner, webhook = await registered(at, "moved")
    name = await published(at, "moved")
    ada = await visitor(at, "ada")
    before = (await ada.get(f"/console/deliveries/{name}")).text
    assert (await partner.call("DELETE", f"/b2b/webhooks/{webhook}")).status == 200
    after = (await ada.get(f"/console/deliveries/{name}")).text

    assert f'href="/console/webhooks/{webhook}"' in before
    assert f'href="/console/webhooks/{webhook}"' not in after
    assert f'{webhook}</code> <span class="none">deleted</span>' in after
    assert "cancelled" in after
    assert f'action="/console/deliveries/{name}/redeliver"' not in after
