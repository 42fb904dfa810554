"""Partners: disabling one ends what waits for it, and enabling it again brings nothing of that back."""

import pytest

from support.workplace import Workplace
from tidings.actions import partners
from tidings.actions.accounting import how_things_stand
from tidings.core.audit import AuditAction
from tidings.core.instants import SECOND
from tidings.core.model import State
from tidings.errors import AlreadyExists, NotFound
from tidings.telemetry.facts import PartnerDisabled


async def test_disabling_a_partner_cancels_what_waits_for_it_and_nothing_of_others(work: Workplace) -> None:
    await work.partner("acme")
    await work.partner("globex")
    names = await work.publish("acme", 3)
    (others,) = await work.publish("globex")
    work.clock.pass_(SECOND)
    disabled = await partners.disable(work.ctx, "acme")
    ended = [await work.delivery(name) for name in names]
    standing = await how_things_stand(work.ctx)

    assert not disabled.enabled
    assert {(one.state, one.finished_at, one.due_at) for one in ended} == {("cancelled", work.clock.now(), None)}
    assert (await work.delivery(others)).state == "pending"
    assert (standing.tallied[State.CANCELLED], standing.tallied[State.PENDING], standing.unaccounted) == (3, 1, 0)
    assert work.told(PartnerDisabled) == [PartnerDisabled("acme")]


async def test_enabling_a_partner_revives_nothing_and_lets_through_what_comes_after(work: Workplace) -> None:
    await work.partner("acme")
    names = await work.publish("acme", 3)
    await partners.disable(work.ctx, "acme")
    meanwhile = await work.publish("acme")
    cancelled = [await work.delivery(name) for name in names]
    work.clock.pass_(SECOND)
    enabled = await partners.enable(work.ctx, "acme")
    (fresh,) = await work.publish("acme")

    assert enabled.enabled
    assert meanwhile == []
    assert [await work.delivery(name) for name in names] == cancelled
    assert (await work.delivery(fresh)).state == "pending"
    assert await work.states() == {"cancelled": 3, "pending": 1}
    assert await work.audited(AuditAction.PARTNER_ENABLE) == ["acme"]


async def test_disabling_twice_and_enabling_twice_end_where_once_does(work: Workplace) -> None:
    await work.partner("acme")
    await work.publish("acme")
    for _ in range(2):
        await partners.disable(work.ctx, "acme")
    states = await work.states()
    for _ in range(2):
        await partners.enable(work.ctx, "acme")

    assert states == await work.states() == {"cancelled": 1}
    assert (await partners.show(work.ctx, "acme")).partner.enabled


async def test_a_name_that_is_taken_is_refused_and_changes_nothing(work: Workplace) -> None:
    await work.partner("acme")
    before = await partners.show(work.ctx, "acme")
    with pytest.raises(AlreadyExists):
        await partners.create(work.ctx, "acme", name="Another", allow_hosts=[])

    assert await partners.show(work.ctx, "acme") == before


@pytest.mark.parametrize("act", [partners.disable, partners.enable, partners.show])
async def test_a_partner_that_is_not_there_is_not_found(work: Workplace, act: object) -> None:
    assert callable(act)
    with pytest.raises(NotFound) as refusal:
        await act(work.ctx, "nobody")

    assert refusal.value.kind == "partner"
    assert work.told(PartnerDisabled) == []
