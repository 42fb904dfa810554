"""Partners: created with their first key, shown, given callback hosts, disabled and enabled."""

import re
from collections.abc import Sequence
from functools import partial

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.auditing import note
from tidings.actions.context import Context
from tidings.actions.cursors import check_cursor
from tidings.actions.keys import NewKey, insert_key, new_key
from tidings.actions.withdrawing import Withdrawing, withdraw, withdraw_more
from tidings.core.audit import AuditAction, Detail
from tidings.core.callback_url import parse_host
from tidings.core.model import ApiKey, Partner, Webhook
from tidings.core.secret import Secret
from tidings.errors import AlreadyExists, InvalidArgument, NotFound
from tidings.store import keys, partners, webhooks
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction
from tidings.telemetry.facts import PartnerCreated, PartnerDisabled

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_NAME_LENGTH = 200


class NewPartner(Struct, frozen=True):
    """A new partner with its first key; ``secret`` is base64 text, shown this once."""

    partner: Partner
    key: str
    secret: Secret


class PartnerPage(Struct, frozen=True):
    """Partners by id; ``next_cursor`` is None on the last page."""

    partners: list[Partner]
    next_cursor: str | None


class PartnerView(Struct, frozen=True):
    """A partner and what belongs to it."""

    partner: Partner
    keys: list[ApiKey]
    webhooks: list[Webhook]


async def create(ctx: Context, partner: str, *, name: str | None, allow_hosts: Sequence[str]) -> NewPartner:
    """Create a partner and a key for it. Raises InvalidArgument or AlreadyExists."""
    fresh = Partner(
        id=_checked_id(partner),
        name=_checked_name(partner if name is None else name),
        enabled=True,
        allowed_hosts=tuple(dict.fromkeys(parse_host(host, ctx.rules) for host in allow_hosts)),
        created_at=ctx.clock.now(),
    )
    key = new_key(ctx, partner)
    await ctx.store.write(_create, _Creating(ctx, fresh, key))
    ctx.emit(PartnerCreated(partner))
    return NewPartner(fresh, key.key.key, key.secret)


async def list_partners(ctx: Context) -> list[Partner]:
    return await ctx.store.read(partners.every)


async def page_partners(ctx: Context, *, limit: int, cursor: str | None) -> PartnerPage:
    """Return a page of at most ``limit`` partners, by id. Raises InvalidArgument for what is no id."""
    check_cursor(cursor, _ID)
    found = await ctx.store.read(partial(partners.page, after=cursor, limit=limit + 1))
    return PartnerPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


async def show(ctx: Context, partner: str) -> PartnerView:
    """Raise NotFound for a partner that is not there."""
    return await ctx.store.read(partial(_view, name=partner))


async def allow_host(ctx: Context, partner: str, host: str) -> Partner:
    """Let a partner register callbacks at ``host``; twice is once. Raises InvalidArgument or NotFound."""
    return await ctx.store.write(_allow, _Changing(ctx, partner, parse_host(host, ctx.rules)))


async def disallow_host(ctx: Context, partner: str, host: str) -> Partner:
    """Take a host off a partner's list: no webhook can be registered there any more, and those that are there stay.

    Raises NotFound for a partner or a host that is not there.
    """
    return await ctx.store.write(_disallow, _Changing(ctx, partner, _as_listed(host)))


async def rename(ctx: Context, partner: str, name: str) -> Partner:
    """Give a partner another name to be read by people. Raises InvalidArgument or NotFound."""
    return await ctx.store.write(_rename, _Changing(ctx, partner, name=_checked_name(name)))


async def disable(ctx: Context, partner: str) -> Partner:
    """Turn a partner's keys away and cancel what is pending for it. Raises NotFound."""
    disabled = await ctx.store.write(_disable, _Changing(ctx, partner))
    ctx.emit(PartnerDisabled(partner))
    return disabled


async def enable(ctx: Context, partner: str) -> Partner:
    """Undo ``disable`` for what comes after. Raises NotFound."""
    # What waited when it was disabled must not be sent now: it ends before.
    while (enabled := await ctx.store.write(_enable, _Changing(ctx, partner))) is None:
        for webhook in await ctx.store.read(partial(webhooks.of_partner, partner=partner)):
            await ctx.store.write(withdraw_more, Withdrawing(ctx, webhook.id))
    return enabled


class _Creating(Struct, frozen=True):
    ctx: Context
    partner: Partner
    key: NewKey


class _Changing(Struct, frozen=True):
    ctx: Context
    partner: str
    host: str = ""
    name: str = ""


def _checked_id(partner: str) -> str:
    if not _ID.fullmatch(partner):
        raise InvalidArgument(
            "id", "must be 1 to 63 lower-case letters, digits, hyphens or underscores, and begin with a letter or digit"
        )
    return partner


def _checked_name(name: str) -> str:
    if not 1 <= len(name) <= _NAME_LENGTH or not name.isprintable():
        raise InvalidArgument("name", f"must be 1 to {_NAME_LENGTH} printable characters")
    return name


def _create_one(transaction: Transaction, wanted: _Creating) -> None:
    connection = transaction.connection
    if partners.get(connection, wanted.partner.id) is not None:
        raise AlreadyExists("partner", wanted.partner.id)
    partners.insert_one(connection, wanted.partner)
    note(
        wanted.ctx,
        transaction,
        AuditAction.PARTNER_CREATE,
        partner=wanted.partner.id,
        subject=wanted.partner.id,
        name=wanted.partner.name,
        allowed_hosts=wanted.partner.allowed_hosts,
    )
    insert_key(wanted.ctx, transaction, wanted.key)


def _allow_one(transaction: Transaction, wanted: _Changing) -> Partner:
    partner = _found(transaction, wanted)
    if wanted.host in partner.allowed_hosts:
        return partner
    partners.allow_host(transaction.connection, partner.id, wanted.host)
    _note(transaction, wanted, AuditAction.PARTNER_ALLOW_HOST, host=wanted.host)
    return _found(transaction, wanted)


def _as_listed(host: str) -> str:
    # Not judged: what today's rules would not admit any more can still be taken off.
    return f"[{host.lower()}]" if ":" in host and not host.startswith("[") else host.lower()


def _disallow_one(transaction: Transaction, wanted: _Changing) -> Partner:
    partner = _found(transaction, wanted)
    if wanted.host not in partner.allowed_hosts:
        raise NotFound("host", wanted.host)
    partners.disallow_host(transaction.connection, partner.id, wanted.host)
    _note(transaction, wanted, AuditAction.PARTNER_DISALLOW_HOST, host=wanted.host)
    return _found(transaction, wanted)


def _rename_one(transaction: Transaction, wanted: _Changing) -> Partner:
    partner = _found(transaction, wanted)
    partners.set_name(transaction.connection, partner.id, wanted.name)
    _note(transaction, wanted, AuditAction.PARTNER_RENAME, name=wanted.name)
    return msgspec.structs.replace(partner, name=wanted.name)


def _disable_one(transaction: Transaction, wanted: _Changing) -> Partner:
    partner = _found(transaction, wanted)
    now = wanted.ctx.clock.now()
    partners.set_disabled_at(transaction.connection, partner.id, now)
    for webhook in webhooks.of_partner(transaction.connection, partner.id):
        withdraw(transaction, webhook.id, now=now)
    _note(transaction, wanted, AuditAction.PARTNER_DISABLE)
    return msgspec.structs.replace(partner, enabled=False)


def _enable_one(transaction: Transaction, wanted: _Changing) -> Partner | None:
    """Return None, and change nothing, as long as something is left to cancel."""
    partner = _found(transaction, wanted)
    own = webhooks.of_partner(transaction.connection, partner.id)
    if any(webhooks.is_withdrawing(transaction.connection, webhook.id) for webhook in own):
        return None
    partners.set_disabled_at(transaction.connection, partner.id, None)
    _note(transaction, wanted, AuditAction.PARTNER_ENABLE)
    return msgspec.structs.replace(partner, enabled=True)


def _note(transaction: Transaction, wanted: _Changing, action: AuditAction, **details: Detail) -> None:
    note(wanted.ctx, transaction, action, partner=wanted.partner, subject=wanted.partner, **details)


def _found(transaction: Transaction, wanted: _Changing) -> Partner:
    partners.lock(transaction.connection, wanted.partner)
    partner = partners.get(transaction.connection, wanted.partner)
    if partner is None:
        raise NotFound("partner", wanted.partner)
    return partner


def _view(connection: Connection, name: str) -> PartnerView:
    partner = partners.get(connection, name)
    if partner is None:
        raise NotFound("partner", name)
    return PartnerView(partner, keys.of_partner(connection, name), webhooks.of_partner(connection, name))


_create = each(_create_one)
_allow = each(_allow_one)
_disallow = each(_disallow_one)
_rename = each(_rename_one)
_disable = each(_disable_one)
_enable = each(_enable_one)
