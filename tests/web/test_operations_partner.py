"""The operations' partner is nobody's: it is in no list, and nobody can make, show, change or publish for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from support.event_samples import marked
from support.served import Served, served
from tidings.actions import operating_webhooks
from tidings.actions.operations import Receiver, follow_settings
from tidings.core.operational_events import PARTNER
from tidings.core.secret import Secret
from tidings.errors import Misconfigured, NotFound
from tidings.store import operations

PARTNERS = "/platform/v1/partners"
RECEIVER = Receiver("https://hooks.acme.com/operations", Secret(bytes(32)))


@pytest_asyncio.fixture
async def at(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as up:
        await follow_settings(up.ctx, RECEIVER)
        yield up


async def test_it_is_not_listed_and_not_shown(at: Served) -> None:
    await at.partner("acme")
    listed = await at.platform("GET", PARTNERS)
    shown = await at.platform("GET", f"{PARTNERS}/{PARTNER}")
    assert [partner["id"] for partner in listed.result["partners"]] == ["acme"]
    assert shown.status == 404


async def test_it_cannot_be_made_or_changed(at: Served) -> None:
    made = await at.platform("POST", PARTNERS, msgspec.json.encode({"id": PARTNER}))
    disabled = await at.platform("POST", f"{PARTNERS}/{PARTNER}/disable")
    key = await at.platform("POST", f"{PARTNERS}/{PARTNER}/keys", b"{}")
    host = await at.platform("POST", f"{PARTNERS}/{PARTNER}/allowed-hosts", b'{"host":"hooks.acme.com"}')
    assert (made.status // 100, disabled.status, key.status, host.status) == (4, 404, 404, 404)


async def test_publishing_for_it_is_publishing_for_nobody(at: Served) -> None:
    answers = []
    for name in (PARTNER, "nobody"):
        batch = {"events": [{"partner": name, "payload": marked("one")}]}
        answers.append(await at.platform("POST", "/platform/v1/events", msgspec.json.encode(batch)))
    ours, unknown = (answer.document for answer in answers)
    assert [answer.status for answer in answers] == [422, 422]
    assert (ours["detail"], ours["type"]) == (unknown["detail"], unknown["type"])


async def test_operators_do_not_see_its_webhook_either(at: Served) -> None:
    webhook = await at.ctx.store.read(operations.webhook)
    assert webhook is not None
    assert await operating_webhooks.list_webhooks(at.ctx, None) == []
    with pytest.raises(NotFound):
        await operating_webhooks.show(at.ctx, webhook.id)


async def test_its_one_webhook_follows_the_settings(at: Served) -> None:
    first = await at.ctx.store.read(operations.webhook)
    await follow_settings(at.ctx, Receiver("https://hooks.acme.com/moved", Secret(bytes(24))))
    moved = await at.ctx.store.read(operations.webhook)
    await follow_settings(at.ctx, None)
    ended = await at.ctx.store.read(operations.webhook)
    await follow_settings(at.ctx, RECEIVER)
    again = await at.ctx.store.read(operations.webhook)
    assert first is not None
    assert moved is not None
    assert ended is not None
    assert again is not None
    assert {first.id, moved.id, ended.id, again.id} == {first.id}
    assert [one.url for one in (first, moved, again)] == [RECEIVER.url, "https://hooks.acme.com/moved", RECEIVER.url]
    assert [one.enabled for one in (first, moved, ended, again)] == [True, True, False, True]


async def test_a_url_that_no_partner_could_register_is_refused(at: Served) -> None:
    with pytest.raises(Misconfigured, match="TIDINGS_OPERATIONS_URL"):
        await follow_settings(at.ctx, Receiver("https://169.254.169.254/", Secret(bytes(32))))
