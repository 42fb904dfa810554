"""Sending many again, over HTTP."""

import json

import pytest

from support.event_samples import sample
from support.partner_client import Answered, PartnerClient
from support.platform_answers import MICROS, name_of, problem, publish
from support.served import Served
from tidings.actions.redelivering import step_all
from tidings.store import redeliveries

pytestmark = pytest.mark.asyncio(loop_scope="session")

REDELIVERIES = "/platform/v1/redeliveries"
REDELIVERY = [
    *("id", "state", "selection", "rate", "total", "made", "left_out", "refused", "created_at", "finished_at"),
]


async def ask_for(at: Served, **wanted: object) -> Answered:
    return await at.platform("POST", REDELIVERIES, json.dumps(wanted).encode())


async def cancelled_deliveries(at: Served, acme: PartnerClient, count: int) -> str:
    """Publish events whose deliveries end cancelled to a webhook that is enabled again; return the partner."""
    partner = await name_of(at, acme)
    webhook = (await acme.register(enabled=True, events=["user.closed"]))["webhook"]["id"]
    await publish(at, *({"partner": partner, "payload": sample("user.closed")} for _ in range(count)))
    for enabled in (False, True):
        await acme.call("PATCH", f"/b2b/webhooks/{webhook}", {"enabled": enabled})
    return partner


async def work(at: Served) -> None:
    """Do what an engine does until nothing is left to do."""
    while await at.ctx.store.read(redeliveries.next_due_at) is not None:
        await at.ctx.store.write(step_all, at.ctx)


async def test_many_are_counted_sent_again_and_shown(at: Served, acme: PartnerClient) -> None:
    partner = await cancelled_deliveries(at, acme, 5)

    counted = await ask_for(at, partner=partner, state="cancelled", dry_run=True)
    begun = await ask_for(at, partner=partner, state="cancelled", rate=10_000)
    job = begun.result["redelivery"]
    await work(at)
    shown = (await at.platform("GET", f"{REDELIVERIES}/{job['id']}")).result["redelivery"]
    again = await ask_for(at, partner=partner, state="cancelled", dry_run=True)

    assert (counted.status, begun.status) == (200, 202)
    assert counted.result == {"redelivery": None, "preview": {"matched": 5, "left_out": 0, "complete": True}}
    assert begun.result["preview"] is None
    assert list(job) == REDELIVERY
    assert (job["state"], job["total"], job["made"], job["finished_at"]) == ("running", 5, 0, None)
    assert job["selection"] == {
        "partner": partner,
        "webhook": None,
        "event_type": None,
        "state": "cancelled",
        "since": None,
        "until": None,
    }
    assert (shown["state"], shown["made"], shown["left_out"], shown["refused"]) == ("done", 5, 0, 0)
    assert MICROS.fullmatch(shown["finished_at"])
    assert again.result["preview"] == {"matched": 5, "left_out": 5, "complete": True}


async def test_redeliveries_are_listed_and_cancelled(at: Served, acme: PartnerClient) -> None:
    partner = await cancelled_deliveries(at, acme, 1)
    made = [(await ask_for(at, partner=partner)).result["redelivery"]["id"] for _ in range(3)]

    first = (await at.platform("GET", f"{REDELIVERIES}?limit=2")).result
    rest = (await at.platform("GET", f"{REDELIVERIES}?limit=2&cursor={first['next_cursor']}")).result
    cancelled = await at.platform("POST", f"{REDELIVERIES}/{made[0]}/cancel")
    await work(at)

    listed = [one["id"] for one in first["redeliveries"] + rest["redeliveries"]]
    assert set(made) <= set(listed)
    assert listed == sorted(listed, reverse=True)
    assert (cancelled.status, cancelled.result["redelivery"]["state"]) == (200, "cancelled")
    states = [(await at.platform("GET", f"{REDELIVERIES}/{name}")).result["redelivery"]["state"] for name in made]
    assert states == ["cancelled", "done", "done"]


async def test_both_are_in_the_audit_trail(at: Served, acme: PartnerClient) -> None:
    partner = await cancelled_deliveries(at, acme, 1)
    job = (await ask_for(at, partner=partner, rate=7)).result["redelivery"]["id"]
    await at.platform("POST", f"{REDELIVERIES}/{job}/cancel")

    entries = (await at.platform("GET", f"/platform/v1/audit?partner={partner}&limit=2")).result["entries"]

    assert [(entry["action"], entry["subject"]) for entry in entries] == [
        ("redelivery.cancel", job),
        ("redelivery.start", job),
    ]
    assert entries[1]["details"]["rate"] == 7


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"state": "pending"}, "state"),
        ({"state": "lost"}, "state"),
        ({"event_type": "user.unheard"}, "event_type"),
        ({"rate": 0}, "rate"),
        ({"rate": 10_001}, "rate"),
        ({"rate": "fast"}, "rate"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2025-01-01T00:00:00"}, "since"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "since"),
        ({"until": "9999-12-31T23:59:59-14:00"}, "until"),
        ({"dry_run": "yes"}, "dry_run"),
        ({"partner": "\u0000"}, "partner"),
        ({"colour": "red"}, "body"),
    ],
)
async def test_what_is_not_understood_is_refused(at: Served, wanted: dict[str, object], field: str) -> None:
    assert problem(await ask_for(at, **wanted), 400, "invalid_argument")["field"] == field


async def test_what_is_not_there_is_not_found(at: Served) -> None:
    problem(await ask_for(at, partner="nobody"), 404, "not_found")
    problem(await ask_for(at, webhook="WHNONE"), 404, "not_found")
    problem(await at.platform("GET", f"{REDELIVERIES}/rdl_none"), 404, "not_found")
    problem(await at.platform("POST", f"{REDELIVERIES}/rdl_none/cancel"), 404, "not_found")
    assert problem(await at.platform("GET", f"{REDELIVERIES}?cursor=x"), 400, "invalid_argument")["field"] == "cursor"
