"""Platform tokens: a name is given once, and a token that was revoked opens nothing."""

import asyncio

import pytest

from support.marked_secrets import RUN
from support.workplace import Workplace
from tidings.actions import access, tokens
from tidings.actions.tokens import NewToken
from tidings.core.audit import AuditAction
from tidings.core.instants import SECOND
from tidings.core.roles import TokenScope
from tidings.errors import AlreadyExists, InvalidArgument, NotFound, Unauthenticated


async def create(work: Workplace, name: str) -> NewToken:
    made = await tokens.create(work.ctx, name)
    RUN.learn("token", made.token)
    return made


async def test_a_name_that_is_taken_is_refused_and_its_token_goes_on(work: Workplace) -> None:
    first = await create(work, "reports")
    with pytest.raises(AlreadyExists) as refusal:
        await create(work, "reports")
    found = await access.authenticate_token(work.ctx, first.token, needed=TokenScope.READ)

    assert (refusal.value.kind, refusal.value.name) == ("token", "reports")
    assert found.name == "reports"
    assert [one.name for one in await tokens.list_tokens(work.ctx)] == ["reports"]
    assert await work.audited(AuditAction.TOKEN_CREATE) == ["reports"]


async def test_of_two_that_ask_for_one_name_at_the_same_moment_one_gets_it(work: Workplace, other: Workplace) -> None:
    for number in range(10):
        made = await asyncio.gather(
            create(work, f"reports-{number}"), create(other, f"reports-{number}"), return_exceptions=True
        )
        assert sorted(type(one).__name__ for one in made) == ["AlreadyExists", "NewToken"]

    assert len(await tokens.list_tokens(work.ctx)) == 10
    assert len(await work.audited(AuditAction.TOKEN_CREATE)) == 10


async def test_the_name_of_a_revoked_token_stays_taken(work: Workplace) -> None:
    made = await create(work, "reports")
    await tokens.revoke(work.ctx, "reports")
    with pytest.raises(AlreadyExists):
        await create(work, "reports")
    with pytest.raises(Unauthenticated):
        await access.authenticate_token(work.ctx, made.token, needed=TokenScope.READ)


async def test_revoking_twice_is_revoking_once(work: Workplace) -> None:
    await create(work, "reports")
    first = await tokens.revoke(work.ctx, "reports")
    work.clock.pass_(SECOND)
    second = await tokens.revoke(work.ctx, "reports")

    assert first == second
    assert first.revoked_at == work.clock.now() - SECOND
    assert await work.audited(AuditAction.TOKEN_REVOKE) == ["reports"]


async def test_a_token_that_is_not_there_is_not_found(work: Workplace) -> None:
    with pytest.raises(NotFound) as refusal:
        await tokens.revoke(work.ctx, "unknown")

    assert refusal.value.kind == "token"


@pytest.mark.parametrize("name", ["", "-a", "a b", "ä", "a" * 101, "a\n"])
async def test_a_name_that_no_token_may_have_is_refused(work: Workplace, name: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        await create(work, name)

    assert refusal.value.field == "name"
    assert await tokens.list_tokens(work.ctx) == []
