"""What a partner may do with its webhooks, but for the test call.

Owns the order of checks at register (contract.md section 2): shape (done by the caller), URL grammar, allowlist, one
webhook a partner, address.
"""

import base64
from collections.abc import Sequence
from functools import partial

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.auditing import note
from tidings.actions.context import Context
from tidings.actions.withdrawing import Withdrawing, withdraw, withdraw_more
from tidings.core import ids
from tidings.core.audit import AuditAction, Detail
from tidings.core.callback_url import CallbackUrl, is_allowlisted
from tidings.core.callback_url import parse as parse_callback_url
from tidings.core.catalogue import EVENT_TYPES
from tidings.core.instants import SECOND, Instant
from tidings.core.model import Webhook
from tidings.core.secret import Secret
from tidings.errors import HostNotAllowlisted, InvalidArgument, NotFound, WebhookLimitReached
from tidings.sender.request import Vetting
from tidings.store import partners, webhooks
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction
from tidings.store.vault import Purpose
from tidings.telemetry.facts import WebhookDeleted, WebhookRegistered, WebhookUpdated

_SECRET_BYTES = 32


class Registration(Struct, frozen=True, kw_only=True):
    """What a partner asks for at register."""

    url: str
    enabled: bool = False
    events: tuple[str, ...] = ()


class Registered(Struct, frozen=True):
    """The new webhook; ``secret`` is base64 text, shown this once."""

    webhook: Webhook
    secret: Secret


class Change(Struct, frozen=True, kw_only=True):
    """What a partner asks to change; None stays as it is."""

    enabled: bool | None = None
    events: tuple[str, ...] | None = None


class Deleted(Struct, frozen=True):
    """What is told of a webhook that is no more."""

    webhook_id: str
    deleted_at: Instant


async def register(ctx: Context, partner: str, wanted: Registration) -> Registered:
    """Register a webhook.

    Raises InvalidArgument, HostNotAllowlisted or WebhookLimitReached. A host whose look-up fails is accepted: every
    attempt judges anew.
    """
    events = _known_events(wanted.events)
    url = parse_callback_url(wanted.url, ctx.rules)
    await ctx.store.read(lambda connection: _check_room(ctx, connection, partner, url))
    if await ctx.sender.vet(partner, url) is Vetting.FORBIDDEN:
        raise InvalidArgument("url", "the host resolves to an address that is not allowed")
    secret = new_secret(ctx)
    webhook = _new_webhook(ctx, partner, wanted, events)
    await ctx.store.write(_register, _Registering(ctx, webhook, url, secret))
    ctx.emit(WebhookRegistered(webhook.id, partner))
    return Registered(webhook, in_base64(secret))


async def list_webhooks(ctx: Context, partner: str) -> list[Webhook]:
    return await ctx.store.read(partial(webhooks.of_partner, partner=partner))


async def update(ctx: Context, partner: str, webhook_id: str, change: Change) -> Webhook:
    """Change a webhook; disabling it cancels what is pending. Raises InvalidArgument or NotFound."""
    events = None if change.events is None else _known_events(change.events)
    changing = _Changing(ctx, partner, webhook_id, Change(enabled=change.enabled, events=events))
    # What waited when it was paused must not be sent when it is enabled again.
    while (webhook := await ctx.store.write(_change, changing)) is None:
        await ctx.store.write(withdraw_more, Withdrawing(ctx, webhook_id))
    ctx.emit(WebhookUpdated(webhook_id, partner))
    return webhook


async def delete(ctx: Context, partner: str, webhook_id: str) -> Deleted:
    """End a webhook for good, and everything that is pending for it. Raises NotFound."""
    deleted = await ctx.store.write(_delete, _Changing(ctx, partner, webhook_id, Change()))
    ctx.emit(WebhookDeleted(webhook_id, partner))
    return deleted


def new_secret(ctx: Context) -> Secret:
    """Return 32 fresh random bytes to sign with."""
    return Secret(ctx.entropy(_SECRET_BYTES))


def in_base64(secret: Secret) -> Secret:
    """Return the text in which a signing secret is handed out."""
    return Secret(base64.b64encode(secret.reveal()))


class _Registering(Struct, frozen=True):
    ctx: Context
    webhook: Webhook
    url: CallbackUrl
    secret: Secret


class _Changing(Struct, frozen=True):
    ctx: Context
    partner: str
    webhook: str
    change: Change


def _known_events(events: Sequence[str]) -> tuple[str, ...]:
    for name in events:
        if name not in EVENT_TYPES:
            raise InvalidArgument("events", f"{name} is not one of available_events")
    return tuple(dict.fromkeys(events))


def _check_room(ctx: Context, connection: Connection, partner: str, url: CallbackUrl) -> None:
    if not is_allowlisted(url.host, partners.hosts_of(connection, partner)):
        raise HostNotAllowlisted(f"the host {url.host} is not on this partner's list of callback hosts")
    if len(webhooks.of_partner(connection, partner)) >= ctx.limits.webhooks_per_partner:
        raise WebhookLimitReached("this partner has a webhook already; delete it first or change it")


def _new_webhook(ctx: Context, partner: str, wanted: Registration, events: tuple[str, ...]) -> Webhook:
    now = ctx.clock.now()
    return Webhook(
        id=ids.webhook_id(ctx.entropy(ids.WEBHOOK_ENTROPY)),
        partner=partner,
        url=wanted.url,
        enabled=wanted.enabled,
        events=events,
        created_at=now,
        updated_at=now,
    )


def _register_one(transaction: Transaction, wanted: _Registering) -> None:
    # Checked again under the write lock: another register may have come first.
    webhook = wanted.webhook
    partners.lock(transaction.connection, webhook.partner)
    _check_room(wanted.ctx, transaction.connection, webhook.partner, wanted.url)
    sealed = wanted.ctx.store.vault.seal(wanted.secret, table="webhooks", row=webhook.id, purpose=Purpose.SIGNING)
    webhooks.insert_one(transaction.connection, webhook, sealed_secret=sealed)
    # Not its URL: a query may hold a token of the partner's.
    note(
        wanted.ctx,
        transaction,
        AuditAction.WEBHOOK_REGISTER,
        partner=webhook.partner,
        subject=webhook.id,
        enabled=webhook.enabled,
        events=webhook.events,
    )


def _change_one(transaction: Transaction, wanted: _Changing) -> Webhook | None:
    before = _found(transaction, wanted)
    change = wanted.change
    if change.enabled is None and change.events is None:
        return before
    if change.enabled and webhooks.is_withdrawing(transaction.connection, before.id):
        return None
    now = wanted.ctx.clock.now()
    after = msgspec.structs.replace(
        before,
        enabled=before.enabled if change.enabled is None else change.enabled,
        events=before.events if change.events is None else change.events,
        updated_at=_later(now, before.updated_at),
    )
    webhooks.change(transaction.connection, after)
    if before.enabled and not after.enabled:
        withdraw(transaction, after.id, now=now)
    asked = _asked(change)
    note(wanted.ctx, transaction, AuditAction.WEBHOOK_UPDATE, partner=after.partner, subject=after.id, **asked)
    return after


def _asked(change: Change) -> dict[str, Detail]:
    asked: dict[str, Detail] = {}
    if change.enabled is not None:
        asked["enabled"] = change.enabled
    if change.events is not None:
        asked["events"] = change.events
    return asked


def _delete_one(transaction: Transaction, wanted: _Changing) -> Deleted:
    _found(transaction, wanted)
    now = wanted.ctx.clock.now()
    webhooks.delete(transaction.connection, wanted.partner, wanted.webhook, now=now)
    withdraw(transaction, wanted.webhook, now=now)
    note(wanted.ctx, transaction, AuditAction.WEBHOOK_DELETE, partner=wanted.partner, subject=wanted.webhook)
    return Deleted(wanted.webhook, now)


def _found(transaction: Transaction, wanted: _Changing) -> Webhook:
    partners.lock(transaction.connection, wanted.partner)
    found = webhooks.get(transaction.connection, wanted.partner, wanted.webhook)
    if found is None:
        raise NotFound("webhook", wanted.webhook)
    return found


def _later(now: Instant, before: Instant) -> Instant:
    # "updated_at moves" (contract.md section 2), and it is shown in whole seconds.
    return max(now, (before // SECOND + 1) * SECOND)


_register = each(_register_one)
_change = each(_change_one)
_delete = each(_delete_one)
