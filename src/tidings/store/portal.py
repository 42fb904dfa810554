"""Statements on the partner page's links and sessions, of which only hashes are kept."""

from sqlalchemy import Connection, delete, insert, select

from tidings.core.instants import Instant
from tidings.store.tables import partners, portal_links, portal_sessions


def add_link(connection: Connection, digest: str, *, partner: str, ends_at: Instant) -> None:
    connection.execute(insert(portal_links).values(digest=digest, partner_id=partner, ends_at=ends_at))


def use_link(connection: Connection, digest: str, now: Instant) -> str | None:
    """Use a link up and return its partner; None when it was used before, has ended or never was."""
    found = connection.execute(
        select(portal_links.c.partner_id).where(portal_links.c.digest == digest, portal_links.c.ends_at > now)
    ).scalar()
    used = connection.execute(delete(portal_links).where(portal_links.c.digest == digest))
    # Of two who use it at the same moment, one removes it.
    return str(found) if found is not None and used.rowcount else None


def begin_session(connection: Connection, digest: str, *, partner: str, ends_at: Instant) -> None:
    connection.execute(insert(portal_sessions).values(digest=digest, partner_id=partner, ends_at=ends_at))


def session(connection: Connection, digest: str, *, now: Instant) -> str | None:
    """Return whose session that is; None once it has ended, and for a disabled partner's."""
    found: str | None = connection.execute(
        select(portal_sessions.c.partner_id)
        .join(partners, partners.c.id == portal_sessions.c.partner_id)
        .where(portal_sessions.c.digest == digest, portal_sessions.c.ends_at > now, partners.c.disabled_at.is_(None))
    ).scalar()
    return found


def end_session(connection: Connection, digest: str) -> None:
    connection.execute(delete(portal_sessions).where(portal_sessions.c.digest == digest))


def forget_ended(connection: Connection, now: Instant) -> None:
    for table in (portal_links, portal_sessions):
        connection.execute(delete(table).where(table.c.ends_at <= now))
