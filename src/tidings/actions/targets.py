"""Partners and their webhooks as routing sees them."""

from collections.abc import Collection

from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.context import Context
from tidings.core.instants import Instant
from tidings.core.secret import Secret
from tidings.errors import Misconfigured
from tidings.store import partners, webhooks
from tidings.store.dialects import is_shared
from tidings.store.vault import Purpose
from tidings.store.webhooks import SealedSecrets, Subscriber


class Target(Struct, frozen=True, kw_only=True):
    """A webhook that may want an event, with its signing secrets."""

    id: str
    url: str
    enabled: bool
    events: tuple[str, ...]
    secrets: tuple[Secret, ...]


class Audience(Struct, frozen=True):
    """A partner's webhooks."""

    enabled: bool
    targets: list[Target]


def audiences(connection: Connection, names: Collection[str], ctx: Context, *, now: Instant) -> dict[str, Audience]:
    """Return the audience of each of ``names`` that exists, held until the transaction ends where others write too."""
    if is_shared(connection):
        partners.hold(connection, list(names))
    found: dict[str, Audience] = {}
    for row in webhooks.subscribers(connection, list(names)):
        audience = found.setdefault(row.partner_id, Audience(bool(row.partner_enabled), []))
        if row.webhook_id is not None:
            audience.targets.append(
                Target(
                    id=row.webhook_id,
                    url=row.url or "",
                    enabled=bool(row.enabled),
                    events=webhooks.decode_events(row.events or "[]"),
                    secrets=signing_secrets(ctx, row.webhook_id, _sealed(row), now=now),
                )
            )
    return found


def signing_secrets(ctx: Context, webhook: str, sealed: SealedSecrets, *, now: Instant) -> tuple[Secret, ...]:
    """Return what a webhook's requests are signed with at ``now``, the newest first; none when no secret opens.

    One secret that does not open is that webhook's trouble alone: the others' deliveries go on.
    """
    newest = _opened(ctx, webhook, sealed.newest, purpose=Purpose.SIGNING)
    if sealed.old is None or sealed.old_ends_at is None or now >= sealed.old_ends_at:
        return newest
    return newest + _opened(ctx, webhook, sealed.old, purpose=Purpose.OLD_SIGNING)


def _opened(ctx: Context, webhook: str, sealed: str, *, purpose: Purpose) -> tuple[Secret, ...]:
    try:
        return (ctx.store.vault.open(sealed, table="webhooks", row=webhook, purpose=purpose),)
    except Misconfigured:
        return ()


def _sealed(row: Subscriber) -> SealedSecrets:
    return SealedSecrets(newest=row.sealed_secret or "", old=row.old_sealed_secret, old_ends_at=row.old_secret_ends_at)
