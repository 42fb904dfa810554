"""What operators may do with a partner's webhook: look at it, switch it, give it a new signing secret.

Owns the rotation of signing secrets, for which the contract has no call. The partner's own rules hold for the rest:
disabling cancels what is pending.
"""

import re
from functools import partial

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.auditing import note
from tidings.actions.context import Context
from tidings.actions.cursors import check_cursor
from tidings.actions.webhooks import Change, in_base64, new_secret, update
from tidings.core.audit import AuditAction
from tidings.core.instants import SECOND, Instant, Span
from tidings.core.model import Webhook
from tidings.core.secret import Secret
from tidings.errors import InvalidArgument, Misconfigured, NotFound
from tidings.store import partners, webhooks
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction
from tidings.store.vault import Purpose
from tidings.store.webhooks import SealedSecrets
from tidings.telemetry.facts import WebhookSecretRotated

_ID = re.compile(r"WH[0-9A-Z]{6}-[0-9A-Z]{5}-[0-9A-Z]{6}")
_DAY = 86_400 * SECOND
LONGEST_OVERLAP = 30 * _DAY


class WebhookPage(Struct, frozen=True):
    """Webhooks by id; ``next_cursor`` is None on the last page."""

    webhooks: list[Webhook]
    next_cursor: str | None


class Rotated(Struct, frozen=True):
    """The webhook with its new signing secret; ``secret`` is base64 text, shown this once."""

    webhook: Webhook
    secret: Secret


async def list_webhooks(ctx: Context, partner: str | None) -> list[Webhook]:
    """Return the webhooks of a partner, or of all. Raises NotFound for a partner that is not there."""
    return await ctx.store.read(partial(_of, partner=partner))


async def page_webhooks(ctx: Context, *, partner: str | None = None, limit: int, cursor: str | None) -> WebhookPage:
    """Return a page of at most ``limit`` webhooks of a partner, or of all, by id.

    Raises InvalidArgument for a cursor that is no id, or NotFound for a partner that is not there.
    """
    check_cursor(cursor, _ID)
    found = await ctx.store.read(partial(_page_of, partner=partner, after=cursor, limit=limit + 1))
    return WebhookPage(found[:limit], found[limit - 1].id if len(found) > limit else None)


async def show(ctx: Context, webhook: str) -> Webhook:
    """Raise NotFound for a webhook that is not there, or no more."""
    found = await ctx.store.read(partial(webhooks.find, name=webhook))
    if found is None:
        raise NotFound("webhook", webhook)
    return found


async def disable(ctx: Context, webhook: str) -> Webhook:
    """Deliver no more to a webhook and cancel what is pending. Raises NotFound."""
    return await _switch(ctx, webhook, Change(enabled=False))


async def enable(ctx: Context, webhook: str) -> Webhook:
    """Deliver to a webhook what is published from now on. Raises NotFound."""
    return await _switch(ctx, webhook, Change(enabled=True))


async def rotate_secret(ctx: Context, webhook: str, *, overlap: Span) -> Rotated:
    """Give a webhook a new signing secret; until ``overlap`` is over, requests are signed with the old one as well.

    Two secrets at most sign: rotating again within an overlap ends the oldest at once. Raises InvalidArgument or
    NotFound.
    """
    if not 0 <= overlap <= LONGEST_OVERLAP:
        raise InvalidArgument("overlap", f"must be 0 to {LONGEST_OVERLAP // _DAY} days")
    before = await show(ctx, webhook)
    secret = new_secret(ctx)
    after = await ctx.store.write(_rotate, _Rotating(ctx, before, secret, overlap))
    ctx.emit(WebhookSecretRotated(webhook, before.partner))
    return Rotated(after, in_base64(secret))


class _Rotating(Struct, frozen=True):
    ctx: Context
    webhook: Webhook
    secret: Secret
    overlap: Span


async def _switch(ctx: Context, webhook: str, change: Change) -> Webhook:
    found = await show(ctx, webhook)
    return await update(ctx, found.partner, webhook, change)


def _rotate_one(transaction: Transaction, wanted: _Rotating) -> Webhook:
    connection, partner, name = transaction.connection, wanted.webhook.partner, wanted.webhook.id
    partners.lock(connection, partner)
    webhook = webhooks.get(connection, partner, name)
    before = webhooks.sealed_secrets(connection, partner, name)
    if webhook is None or before is None:
        raise NotFound("webhook", name)
    after = _rotated(wanted, before, now=wanted.ctx.clock.now())
    webhooks.set_secrets(connection, partner, name, after)
    overlap_seconds = wanted.overlap // SECOND
    action = AuditAction.WEBHOOK_ROTATE_SECRET
    note(wanted.ctx, transaction, action, partner=partner, subject=name, overlap_seconds=overlap_seconds)
    return msgspec.structs.replace(webhook, old_secret_ends_at=after.old_ends_at)


def _rotated(wanted: _Rotating, before: SealedSecrets, *, now: Instant) -> SealedSecrets:
    vault, name = wanted.ctx.store.vault, wanted.webhook.id
    newest = vault.seal(wanted.secret, table="webhooks", row=name, purpose=Purpose.SIGNING)
    if wanted.overlap == 0:
        return SealedSecrets(newest=newest)
    try:
        old = vault.open(before.newest, table="webhooks", row=name, purpose=Purpose.SIGNING)
    except Misconfigured:
        # Nothing could be signed with it: a new secret is the way out, and nobody needs the old one to stay.
        return SealedSecrets(newest=newest)
    sealed = vault.seal(old, table="webhooks", row=name, purpose=Purpose.OLD_SIGNING)
    return SealedSecrets(newest=newest, old=sealed, old_ends_at=now + wanted.overlap)


def _of(connection: Connection, partner: str | None) -> list[Webhook]:
    if partner is None:
        return webhooks.every(connection)
    _refuse_unknown(connection, partner)
    return webhooks.of_partner(connection, partner)


def _page_of(connection: Connection, partner: str | None, after: str | None, limit: int) -> list[Webhook]:
    if partner is not None:
        _refuse_unknown(connection, partner)
    return webhooks.page(connection, partner=partner, after=after, limit=limit)


def _refuse_unknown(connection: Connection, partner: str) -> None:
    if partners.get(connection, partner) is None:
        raise NotFound("partner", partner)


_rotate = each(_rotate_one)
