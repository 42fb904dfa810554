"""Partners and their webhooks as routing sees them."""

from collections.abc import Collection

from msgspec import Struct
from sqlalchemy import Connection

from tidings.actions.context import Context
from tidings.core.secret import Secret
from tidings.errors import Misconfigured
from tidings.store import partners, webhooks
from tidings.store.dialects import is_shared


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


def audiences(connection: Connection, names: Collection[str], ctx: Context) -> dict[str, Audience]:
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
                    secrets=signing_secrets(ctx, row.webhook_id, row.sealed_secret or ""),
                )
            )
    return found


def signing_secrets(ctx: Context, webhook: str, sealed: str) -> tuple[Secret, ...]:
    """Return the secrets that a webhook's requests are signed with; none when its secret does not open.

    One secret that does not open is that webhook's trouble alone: the others' deliveries go on.
    """
    try:
        return (ctx.store.vault.open(sealed, table="webhooks", row=webhook, purpose="signing_secret"),)
    except Misconfigured:
        return ()
