"""A login and those who end it at the same moment: whoever comes first, nobody stays in by an old password."""

from collections.abc import Awaitable, Callable

import pytest

from support.workplace import Workplace
from tidings.actions import operators, passwords, sessions
from tidings.core.model import OperatorRole
from tidings.core.secret import Secret
from tidings.errors import Unauthenticated

OLD, NEW = Secret(b"correct horse battery"), Secret(b"staple horse correct")


async def give_another_password(work: Workplace) -> None:
    await operators.set_password(work.ctx, "ada", password=NEW)


async def disable(work: Workplace) -> None:
    await operators.disable(work.ctx, "ada")


async def disable_and_enable(work: Workplace) -> None:
    await operators.disable(work.ctx, "ada")
    await operators.enable(work.ctx, "ada")
    await operators.set_password(work.ctx, "ada", password=NEW)


@pytest.mark.parametrize("meanwhile", [give_another_password, disable, disable_and_enable])
async def test_a_login_that_was_overtaken_begins_no_session(
    work: Workplace,
    other: Workplace,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: Callable[[Workplace], Awaitable[None]],
) -> None:
    await operators.create(work.ctx, "ada", role=OperatorRole.OPERATOR, password=OLD)
    really = passwords.is_right

    async def overtaken(kept: str | None, password: Secret) -> bool:
        found = await really(kept, password)
        await meanwhile(other)
        return found

    monkeypatch.setattr(passwords, "is_right", overtaken)
    with pytest.raises(Unauthenticated):
        await sessions.log_in(work.ctx, "ada", OLD, address=None)


async def test_a_login_with_the_password_of_now_begins_one(work: Workplace) -> None:
    await operators.create(work.ctx, "ada", role=OperatorRole.OPERATOR, password=OLD)
    await operators.set_password(work.ctx, "ada", password=NEW)
    session = await sessions.log_in(work.ctx, "ada", NEW, address=None)
    assert (await sessions.resume(work.ctx, session.token, is_used=False)).operator.name == "ada"

    await operators.disable(work.ctx, "ada")
    await operators.enable(work.ctx, "ada")
    with pytest.raises(Unauthenticated):
        await sessions.resume(work.ctx, session.token, is_used=False)
