"""One delivery sent again: a new one that names the old, or a refusal that changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from support.https_receiver import Answer
from support.workplace import Workplace
from tidings.actions import partners, redelivery, webhooks
from tidings.core.audit import AuditAction
from tidings.core.instants import rfc3339
from tidings.errors import DeliveryUnderWay, NotFound, PartnerDisabled, TidingsError, WebhookDisabled, WebhookGone
from tidings.telemetry.facts import AttemptEnded

UNKNOWN = "dlv_00000000000000000000000000"
Pause: TypeAlias = Callable[[Workplace, str], Awaitable[object]]


async def test_a_redelivery_is_a_new_delivery_and_the_old_one_stays_as_it_is(work: Workplace) -> None:
    webhook = await work.partner("acme")
    (old,) = await work.publish("acme")
    await work.disable("acme", webhook)
    await webhooks.update(work.ctx, "acme", webhook, webhooks.Change(enabled=True))
    before = await work.delivery(old)
    work.clock.pass_(1_000_000)
    made = await redelivery.redeliver(work.ctx, old)

    assert await work.delivery(old) == before
    assert (made.redelivery_of, made.event, made.webhook) == (old, before.event, webhook)
    assert (made.state, made.attempts, made.due_at) == ("pending", 0, work.clock.now())
    assert await work.audited(AuditAction.DELIVERY_REDELIVER) == [old]


async def test_what_waits_for_a_retry_is_not_sent_again_beside_it(work: Workplace) -> None:
    await work.partner("acme", Answer(status=503))
    (old,) = await work.publish("acme")
    work.engine.start(work.ctx, listen=None)
    await work.until_told(AttemptEnded)
    waiting = await work.delivery(old)
    assert waiting.due_at is not None

    for refused in (redelivery.redeliver(work.ctx, old), redelivery.redeliver_own(work.ctx, "acme", old)):
        with pytest.raises(DeliveryUnderWay) as refusal:
            await refused
        assert str(refusal.value) == f"the delivery {old} is still under way: next attempt at {rfc3339(waiting.due_at)}"

    assert await work.states() == {"pending": 1}
    assert await work.audited(AuditAction.DELIVERY_REDELIVER) == []


async def test_what_is_in_flight_is_not_sent_again_beside_it(work: Workplace) -> None:
    answered = asyncio.Event()
    await work.partner("acme", Answer(after=answered))
    (old,) = await work.publish("acme")
    work.engine.start(work.ctx, listen=None)
    await work.receiver.until_received(1, "/acme")
    with pytest.raises(DeliveryUnderWay, match="an attempt is being made"):
        await redelivery.redeliver(work.ctx, old)
    answered.set()
    await work.until_ended(old)
    made = await redelivery.redeliver(work.ctx, old)

    assert made.redelivery_of == old


async def _disable(work: Workplace, webhook: str) -> None:
    await work.disable("acme", webhook)


async def _delete(work: Workplace, webhook: str) -> None:
    await webhooks.delete(work.ctx, "acme", webhook)


async def _disable_the_partner(work: Workplace, _webhook: str) -> None:
    await partners.disable(work.ctx, "acme")


@pytest.mark.parametrize(
    ("pause", "refusal"),
    [(_disable, WebhookDisabled), (_delete, WebhookGone), (_disable_the_partner, PartnerDisabled)],
)
async def test_what_nobody_wants_now_is_not_sent_again(
    work: Workplace, pause: Pause, refusal: type[TidingsError]
) -> None:
    webhook = await work.partner("acme")
    (old,) = await work.publish("acme")
    await pause(work, webhook)
    with pytest.raises(refusal):
        await redelivery.redeliver(work.ctx, old)
    with pytest.raises(refusal):
        await redelivery.redeliver_own(work.ctx, "acme", old)

    assert await work.states() == {"cancelled": 1}
    assert await work.audited(AuditAction.DELIVERY_REDELIVER) == []


async def test_a_delivery_that_is_not_there_or_anothers_is_not_found(work: Workplace) -> None:
    await work.partner("acme")
    await work.partner("globex")
    (foreign,) = await work.publish("globex")
    with pytest.raises(NotFound) as unknown:
        await redelivery.redeliver(work.ctx, UNKNOWN)
    refused = []
    for name in (UNKNOWN, foreign):
        with pytest.raises(NotFound) as refusal:
            await redelivery.redeliver_own(work.ctx, "acme", name)
        refused.append(str(refusal.value).replace(name, "…"))

    assert (unknown.value.kind, unknown.value.name) == ("delivery", UNKNOWN)
    # Byte for byte the same: nobody learns what others have.
    assert refused[0] == refused[1]
    assert await work.states() == {"pending": 1}


async def test_a_webhook_that_is_enabled_again_gets_what_was_cancelled_when_asked(work: Workplace) -> None:
    webhook = await work.partner("acme")
    (old,) = await work.publish("acme")
    await work.disable("acme", webhook)
    await webhooks.update(work.ctx, "acme", webhook, webhooks.Change(enabled=True))
    made = await redelivery.redeliver(work.ctx, old)

    assert (made.state, made.redelivery_of) == ("pending", old)
    assert await work.states() == {"pending": 1, "cancelled": 1}
