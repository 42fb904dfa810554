"""Partners' names and hosts as operators change them over HTTP, and pages of partners."""

import json

import pytest

from support.partner_client import Answered, PartnerClient
from support.platform_answers import name_of, problem
from support.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

PARTNERS = "/platform/v1/partners"


async def patch(at: Served, partner: str, document: object) -> Answered:
    return await at.platform("PATCH", f"{PARTNERS}/{partner}", json.dumps(document).encode())


async def test_a_partner_gets_another_name(at: Served, acme: PartnerClient) -> None:
    partner = await name_of(at, acme)

    renamed = await patch(at, partner, {"name": "Acme & Söhne"})

    assert (renamed.status, renamed.result["partner"]["name"]) == (200, "Acme & Söhne")
    assert problem(await patch(at, partner, {}), 400, "invalid_argument")["field"] == "name"
    assert problem(await patch(at, partner, {"name": ""}), 400, "invalid_argument")["field"] == "name"
    assert problem(await patch(at, partner, {"name": "x", "id": "y"}), 400, "invalid_argument")["field"] in {
        "id",
        "body",
    }
    problem(await patch(at, "nobody", {"name": "x"}), 404, "not_found")


async def test_hosts_are_listed_and_taken_off(at: Served) -> None:
    await at.partner("unhosted", hosts=["a.acme.com", "b.acme.com"])
    path = f"{PARTNERS}/unhosted/hosts"

    gone = await at.platform("DELETE", f"{path}/A.acme.com")

    assert (gone.status, gone.result["partner"]["allowed_hosts"]) == (200, ["b.acme.com"])
    assert (await at.platform("GET", path)).result == {"allowed_hosts": ["b.acme.com"]}
    problem(await at.platform("DELETE", f"{path}/a.acme.com"), 404, "not_found")
    problem(await at.platform("DELETE", f"{PARTNERS}/nobody/hosts/a.acme.com"), 404, "not_found")
    problem(await at.platform("GET", f"{PARTNERS}/nobody/hosts"), 404, "not_found")


async def test_a_host_that_is_gone_admits_no_new_webhook_and_leaves_the_old(at: Served) -> None:
    client = await at.partner("moving", hosts=["hooks.acme.com"])
    await client.register()

    await at.platform("DELETE", f"{PARTNERS}/moving/hosts/hooks.acme.com")

    assert len((await at.platform("GET", f"{PARTNERS}/moving")).result["webhooks"]) == 1
    (webhook,) = (await client.call("GET", "/b2b/webhooks")).result["webhooks"]
    await client.call("DELETE", f"/b2b/webhooks/{webhook['id']}")
    refused = await client.call("POST", "/b2b/webhooks", {"url": "https://hooks.acme.com/w"})
    assert (refused.status, refused.error) == (403, "ENexus:Webhook domain not allowlisted")


async def test_partners_are_paged_by_id(at: Served, acme: PartnerClient, other: PartnerClient) -> None:
    del acme, other
    everyone = [one["id"] for one in (await at.platform("GET", f"{PARTNERS}?limit=500")).result["partners"]]
    paged: list[str] = []
    query = "limit=2"
    while query:
        page = (await at.platform("GET", f"{PARTNERS}?{query}")).result
        paged += [one["id"] for one in page["partners"]]
        query = f"limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""

    assert paged == everyone == sorted(everyone)
    assert problem(await at.platform("GET", f"{PARTNERS}?limit=501"), 400, "invalid_argument")["field"] == "limit"
    assert problem(await at.platform("GET", f"{PARTNERS}?cursor=A"), 400, "invalid_argument")["field"] == "cursor"
    assert problem(await at.platform("GET", f"{PARTNERS}?name=x"), 400, "invalid_argument")["field"] == "name"
