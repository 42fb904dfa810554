"""Statements on partners and their allowed callback hosts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Text, delete, insert, select, update

from tidings.core.instants import Instant
from tidings.core.model import Partner
from tidings.core.operational_events import PARTNER, is_reserved
from tidings.store.rows import Given
from tidings.store.tables import allowed_hosts, partners, webhooks

_AT_ONCE = 500
_held = Given("held", [("id", Text)])
_names = select(_held["id"]).select_from(_held.source)
_held_ones = select(partners.c.id).order_by(partners.c.id).with_for_update(read=True, key_share=True)
_HOLD = _held_ones.where(partners.c.id.in_(_names))
_HOLD_OWNERS = _held_ones.where(partners.c.id.in_(select(webhooks.c.partner_id).where(webhooks.c.id.in_(_names))))


def insert_one(connection: Connection, partner: Partner) -> None:
    connection.execute(insert(partners).values(id=partner.id, name=partner.name, created_at=partner.created_at))
    for host in partner.allowed_hosts:
        allow_host(connection, partner.id, host)


def allow_host(connection: Connection, partner: str, host: str) -> None:
    connection.execute(insert(allowed_hosts).values(partner_id=partner, host=host))


def disallow_host(connection: Connection, partner: str, host: str) -> None:
    listed = (allowed_hosts.c.partner_id == partner, allowed_hosts.c.host == host)
    connection.execute(delete(allowed_hosts).where(*listed))


def hosts_of(connection: Connection, partner: str) -> tuple[str, ...]:
    statement = select(allowed_hosts.c.host).where(allowed_hosts.c.partner_id == partner)
    return tuple(connection.execute(statement.order_by(allowed_hosts.c.host)).scalars())


def get(connection: Connection, name: str) -> Partner | None:
    """Return a partner; the operations' own is none."""
    if is_reserved(name):
        return None
    row = connection.execute(select(partners).where(partners.c.id == name)).one_or_none()
    return None if row is None else _partner(row, hosts_of(connection, name))


def lock(connection: Connection, name: str) -> None:
    """Hold a partner's row until the transaction ends, so that changes to what it owns come one after the other."""
    connection.execute(select(partners.c.id).where(partners.c.id == name).with_for_update())


def hold(connection: Connection, names: Sequence[str]) -> None:
    """Keep others from changing what these partners own until the transaction ends; holders do not hinder each other.

    A statement of its own, before the question it protects: what a statement reads is as old as its beginning.
    """
    connection.execute(_HOLD, _held.bind([(name,) for name in sorted(names)]))


def hold_for_webhooks(connection: Connection, names: Sequence[str]) -> None:
    """Do as ``hold`` does, for the partners of these webhooks."""
    connection.execute(_HOLD_OWNERS, _held.bind([(name,) for name in names]))


def page(connection: Connection, *, after: str | None, limit: int) -> list[Partner]:
    """Return at most ``limit`` partners by id, those behind ``after``; the operations' own is none of them."""
    wanted = [partners.c.id != PARTNER]
    if after is not None:
        wanted.append(partners.c.id > after)
    rows = connection.execute(select(partners).where(*wanted).order_by(partners.c.id).limit(limit)).all()
    names = [row.id for row in rows]
    hosts: dict[str, list[str]] = {name: [] for name in names}
    listed = select(allowed_hosts).where(allowed_hosts.c.partner_id.in_(names)).order_by(allowed_hosts.c.host)
    for row in connection.execute(listed):
        hosts[row.partner_id].append(row.host)
    return [_partner(row, hosts[row.id]) for row in rows]


def every(connection: Connection) -> list[Partner]:
    """Return all partners by id, page by page."""
    found = page(connection, after=None, limit=_AT_ONCE)
    more = found
    while len(more) == _AT_ONCE:
        more = page(connection, after=found[-1].id, limit=_AT_ONCE)
        found += more
    return found


def set_name(connection: Connection, partner: str, name: str) -> None:
    connection.execute(update(partners).where(partners.c.id == partner).values(name=name))


def set_disabled_at(connection: Connection, name: str, moment: Instant | None) -> None:
    connection.execute(update(partners).where(partners.c.id == name).values(disabled_at=moment))


def _partner(row: Row[Any], hosts: Sequence[str]) -> Partner:
    return Partner(
        id=row.id,
        name=row.name,
        enabled=row.disabled_at is None,
        allowed_hosts=tuple(hosts),
        created_at=row.created_at,
    )
