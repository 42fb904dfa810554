"""The partner page: a link to it, and the session that a link opens.

Owns how long both last. A link is used once; what it opens is one partner's, and nothing else.
"""

import base64
from functools import partial

from msgspec import Struct

from tidings.actions.access import digest_of
from tidings.actions.auditing import note
from tidings.actions.context import Context
from tidings.core.audit import Actor, ActorKind, AuditAction
from tidings.core.instants import Instant
from tidings.errors import NotFound, PartnerDisabled, Unauthenticated
from tidings.store import partners, portal
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction

OPENED_AT = "/portal/open"
"""Where a link leads, below whatever address the service is reached at."""
_TOKEN_BYTES = 32


class PortalLink(Struct, frozen=True):
    """A link's token, shown this once."""

    partner: str
    token: str
    ends_at: Instant

    @property
    def path(self) -> str:
        return f"{OPENED_AT}?token={self.token}"

    def __repr__(self) -> str:
        return f"PortalLink(partner={self.partner!r}, token=***)"


class PortalSession(Struct, frozen=True):
    """Somebody of a partner who looks at its page. ``token`` is in their cookie, and nowhere else."""

    partner: str
    token: str

    def __repr__(self) -> str:
        return f"PortalSession(partner={self.partner!r}, token=***)"


async def make_link(ctx: Context, partner: str) -> PortalLink:
    """Make a link to a partner's page. Raises NotFound or PartnerDisabled."""
    link = PortalLink(partner, _token(ctx), ctx.clock.now() + ctx.limits.sessions.portal_link)
    await ctx.store.write(_make, _Making(ctx, link))
    return link


async def open_link(ctx: Context, token: str, *, address: str | None) -> PortalSession:
    """Begin a session with a link that nobody used yet. Raises Unauthenticated."""
    own = _token(ctx)
    opening = _Opening(ctx, digest_of(token), digest_of(own), address)
    return PortalSession(await ctx.store.write(_open, opening), own)


async def resume(ctx: Context, token: str) -> PortalSession:
    """Return the session with that token. Raises Unauthenticated when it has ended or never was."""
    partner = await ctx.store.read(partial(portal.session, digest=digest_of(token), now=ctx.clock.now()))
    if partner is None:
        raise Unauthenticated("this visit has ended")
    return PortalSession(partner, token)


async def leave(ctx: Context, session: PortalSession) -> None:
    """End a session."""
    await ctx.store.write(_leave, digest_of(session.token))


def by_partner(ctx: Context, partner: str, address: str | None) -> Context:
    """Return the context in the hands of whoever opened a partner's page."""
    return ctx.by(Actor(ActorKind.PORTAL, partner, address))


class _Making(Struct, frozen=True):
    ctx: Context
    link: PortalLink


class _Opening(Struct, frozen=True):
    ctx: Context
    link: str
    session: str
    address: str | None


def _token(ctx: Context) -> str:
    return base64.urlsafe_b64encode(ctx.entropy(_TOKEN_BYTES)).decode().rstrip("=")


def _make_one(transaction: Transaction, wanted: _Making) -> None:
    connection, link = transaction.connection, wanted.link
    partner = partners.get(connection, link.partner)
    if partner is None:
        raise NotFound("partner", link.partner)
    if not partner.enabled:
        raise PartnerDisabled(f"the partner {partner.id} is disabled; enable it first")
    portal.forget_ended(connection, wanted.ctx.clock.now())
    portal.add_link(connection, digest_of(link.token), partner=partner.id, ends_at=link.ends_at)
    note(wanted.ctx, transaction, AuditAction.PARTNER_PORTAL_LINK, partner=partner.id, subject=partner.id)


def _open_one(transaction: Transaction, wanted: _Opening) -> str:
    connection, now = transaction.connection, wanted.ctx.clock.now()
    partner = portal.use_link(connection, wanted.link, now)
    if partner is None:
        raise Unauthenticated("this link was used before, or is too old; ask for a new one")
    ends_at = now + wanted.ctx.limits.sessions.portal
    portal.begin_session(connection, wanted.session, partner=partner, ends_at=ends_at)
    ctx = by_partner(wanted.ctx, partner, wanted.address)
    note(ctx, transaction, AuditAction.PARTNER_PORTAL_OPEN, partner=partner, subject=partner)
    return partner


def _leave_one(transaction: Transaction, digest: str) -> None:
    portal.end_session(transaction.connection, digest)


_make = each(_make_one)
_open = each(_open_one)
_leave = each(_leave_one)
