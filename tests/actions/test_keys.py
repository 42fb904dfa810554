"""API keys: revoked once for all, and made only for partners that are there."""

import pytest

from support.workplace import Workplace
from tidings.actions import keys, partners
from tidings.core.audit import AuditAction
from tidings.core.instants import SECOND
from tidings.errors import InvalidArgument, NotFound


async def test_revoking_twice_is_revoking_once(work: Workplace) -> None:
    await work.partner("acme")
    new = await keys.create(work.ctx, "acme", nonce_window=0)
    first = await keys.revoke(work.ctx, new.key.key)
    work.clock.pass_(SECOND)
    second = await keys.revoke(work.ctx, new.key.key)
    (listed,) = [one for one in await keys.list_keys(work.ctx, "acme") if one.key == new.key.key]

    assert first.revoked_at == work.clock.now() - SECOND
    assert first == second == listed
    assert await work.audited(AuditAction.KEY_REVOKE) == [new.key.key]


async def test_revoking_one_key_leaves_the_others(work: Workplace) -> None:
    await work.partner("acme")
    made = [(await keys.create(work.ctx, "acme", nonce_window=0)).key.key for _ in range(2)]
    await keys.revoke(work.ctx, made[0])
    revoked = [one.key for one in await keys.list_keys(work.ctx, None) if one.revoked_at is not None]

    assert revoked == made[:1]


async def test_a_key_that_is_not_there_is_not_found(work: Workplace) -> None:
    with pytest.raises(NotFound) as refusal:
        await keys.revoke(work.ctx, "unknown")

    assert refusal.value.kind == "key"
    assert await work.audited(AuditAction.KEY_REVOKE) == []


async def test_a_partner_that_is_not_there_has_no_keys_and_gets_none(work: Workplace) -> None:
    with pytest.raises(NotFound) as making:
        await keys.create(work.ctx, "nobody", nonce_window=0)
    with pytest.raises(NotFound) as listing:
        await keys.list_keys(work.ctx, "nobody")

    assert (making.value.kind, listing.value.kind) == ("partner", "partner")
    assert await keys.list_keys(work.ctx, None) == []


@pytest.mark.parametrize("window", [-1, 2**62])
async def test_a_nonce_window_that_cannot_be_is_refused(work: Workplace, window: int) -> None:
    await partners.create(work.ctx, "acme", name=None, allow_hosts=[])
    with pytest.raises(InvalidArgument) as refusal:
        await keys.create(work.ctx, "acme", nonce_window=window)

    assert refusal.value.field == "nonce_window"
    assert len(await keys.list_keys(work.ctx, "acme")) == 1
