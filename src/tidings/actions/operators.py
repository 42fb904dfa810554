"""Operators of the console: made, listed, disabled, given another password."""

import re

import msgspec
from msgspec import Struct

from tidings.actions import passwords
from tidings.actions.auditing import note
from tidings.actions.context import Context
from tidings.core.audit import AuditAction
from tidings.core.model import Operator, OperatorRole
from tidings.core.secret import Secret
from tidings.errors import AlreadyExists, InvalidArgument, NotFound
from tidings.store import operators
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")


class NewPassword(Struct, frozen=True):
    """An operator and the password that was made for them, shown this once; None when they chose it themselves."""

    operator: Operator
    password: Secret | None


async def create(ctx: Context, name: str, *, role: OperatorRole, password: Secret | None) -> NewPassword:
    """Make an operator; without ``password`` one is made. Raises InvalidArgument or AlreadyExists."""
    if not _NAME.fullmatch(name):
        raise InvalidArgument(
            "name",
            "must be 1 to 100 letters, digits, dots, hyphens, underscores or @, and begin with a letter or digit",
        )
    operator = Operator(name=name, role=role, created_at=ctx.clock.now(), disabled_at=None)
    made, chosen = _made_or_chosen(ctx, password)
    await ctx.store.write(_create, _Creating(ctx, operator, await passwords.hashed(chosen)))
    return NewPassword(operator, made)


async def list_operators(ctx: Context) -> list[Operator]:
    return await ctx.store.read(operators.every)


async def set_password(ctx: Context, name: str, *, password: Secret | None) -> NewPassword:
    """Give an operator another password and end their sessions. Raises InvalidArgument or NotFound."""
    made, chosen = _made_or_chosen(ctx, password)
    changing = _Changing(ctx, name, await passwords.hashed(chosen))
    return NewPassword(await ctx.store.write(_set_password, changing), made)


async def disable(ctx: Context, name: str) -> Operator:
    """End an operator's sessions and admit them no more; twice is once. Raises NotFound."""
    return await ctx.store.write(_disable, _Changing(ctx, name))


async def enable(ctx: Context, name: str) -> Operator:
    """Admit an operator again; twice is once. Raises NotFound."""
    return await ctx.store.write(_enable, _Changing(ctx, name))


class _Creating(Struct, frozen=True):
    ctx: Context
    operator: Operator
    password_hash: str


class _Changing(Struct, frozen=True):
    ctx: Context
    name: str
    password_hash: str = ""


def _made_or_chosen(ctx: Context, password: Secret | None) -> tuple[Secret | None, Secret]:
    if password is not None:
        return None, passwords.checked(password)
    made = passwords.generated(ctx.entropy)
    return made, made


def _create_one(transaction: Transaction, wanted: _Creating) -> None:
    if operators.get(transaction.connection, wanted.operator.name) is not None:
        raise AlreadyExists("operator", wanted.operator.name)
    operators.insert_one(transaction.connection, wanted.operator, password_hash=wanted.password_hash)
    made = wanted.operator
    note(wanted.ctx, transaction, AuditAction.OPERATOR_CREATE, partner=None, subject=made.name, role=made.role.value)


def _set_password_one(transaction: Transaction, wanted: _Changing) -> Operator:
    operator = _found(transaction, wanted)
    operators.set_password_hash(transaction.connection, operator.name, password_hash=wanted.password_hash)
    operators.end_sessions_of(transaction.connection, operator.name)
    note(wanted.ctx, transaction, AuditAction.OPERATOR_SET_PASSWORD, partner=None, subject=operator.name)
    return operator


def _disable_one(transaction: Transaction, wanted: _Changing) -> Operator:
    operator = _found(transaction, wanted)
    if operator.disabled_at is not None:
        return operator
    now = wanted.ctx.clock.now()
    # In this order: a login that is under way holds the operator, and its session is there to be ended.
    operators.set_disabled_at(transaction.connection, operator.name, now)
    operators.end_sessions_of(transaction.connection, operator.name)
    note(wanted.ctx, transaction, AuditAction.OPERATOR_DISABLE, partner=None, subject=operator.name)
    return msgspec.structs.replace(operator, disabled_at=now)


def _enable_one(transaction: Transaction, wanted: _Changing) -> Operator:
    operator = _found(transaction, wanted)
    if operator.disabled_at is None:
        return operator
    operators.set_disabled_at(transaction.connection, operator.name, None)
    note(wanted.ctx, transaction, AuditAction.OPERATOR_ENABLE, partner=None, subject=operator.name)
    return msgspec.structs.replace(operator, disabled_at=None)


def _found(transaction: Transaction, wanted: _Changing) -> Operator:
    operator = operators.get(transaction.connection, wanted.name)
    if operator is None:
        raise NotFound("operator", wanted.name)
    return operator


_create = each(_create_one)
_set_password = each(_set_password_one)
_disable = each(_disable_one)
_enable = each(_enable_one)
