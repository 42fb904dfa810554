"""Statements on the audit trail: entries are added and read, never changed."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Row, func, select

from tidings.core.audit import AuditAction, Detail, Entry
from tidings.core.ids import id_floor
from tidings.core.instants import MILLISECOND, Instant
from tidings.store.rows import given_for, insert_given
from tidings.store.tables import audit_entries
from tidings.store.windows import Along, Condition, Slice
from tidings.store.windows import page as page_along


class AuditFilter(Struct, frozen=True, kw_only=True):
    """What to look for; ``since`` is inclusive, ``until`` is not."""

    partner: str | None = None
    actor: str | None = None
    action: AuditAction | None = None
    since: Instant | None = None
    until: Instant | None = None


_entries = audit_entries.c
_COLUMNS = tuple(audit_entries.c.keys())
_new = given_for(audit_entries, _COLUMNS)
_INSERT = insert_given(audit_entries, _new, _COLUMNS)


def insert(connection: Connection, entries: Sequence[Entry]) -> None:
    connection.execute(_INSERT, _new.bind([_row(entry) for entry in entries]))


def page(connection: Connection, wanted: AuditFilter, *, before: str | None, limit: int) -> Slice[Entry]:
    """Return at most ``limit`` entries, newest first, older than the entry ``before``."""
    found = page_along(connection, select(audit_entries), _along(wanted), before=before, limit=limit)
    return Slice([_entry(row) for row in found.rows], found.goes_on)


def _along(wanted: AuditFilter) -> Along:
    # Each has an index with the ids: the first that is asked for serves, and the others are judged.
    exact = {_entries.partner_id: wanted.partner, _entries.actor: wanted.actor, _entries.action: wanted.action}
    asked = [(column, value) for column, value in exact.items() if value is not None]
    served = [column == value for column, value in asked[:1]]
    # Not spelt as their own indexes would serve them: the window is one of the index that was chosen here.
    judged = [func.coalesce(column, "") == value for column, value in asked[1:]]
    return Along(key=_entries.id, served=[*served, *_span(wanted)], judged=judged)


def _span(wanted: AuditFilter) -> list[Condition]:
    # As with deliveries, the time in the id bounds the search, and the column decides.
    span: list[Condition] = []
    if wanted.since is not None:
        span += [_entries.id >= id_floor("aud_", wanted.since), _entries.created_at >= wanted.since]
    if wanted.until is not None:
        ceiling = id_floor("aud_", wanted.until + MILLISECOND)
        span += [_entries.id < ceiling, _entries.created_at < wanted.until]
    return span


def _row(entry: Entry) -> tuple[object, ...]:
    return (
        entry.id,
        entry.created_at,
        entry.actor,
        entry.address,
        entry.action,
        entry.partner,
        entry.subject,
        msgspec.json.encode(entry.details).decode(),
    )


def _entry(row: Row[*tuple[object, ...]]) -> Entry:
    return Entry(
        id=row.id,
        created_at=row.created_at,
        actor=row.actor,
        address=row.address,
        action=row.action,
        partner=row.partner_id,
        subject=row.subject,
        details=_details(row.details),
    )


def _details(text: str) -> Mapping[str, Detail]:
    details: Mapping[str, Detail] = msgspec.json.decode(text)
    return details
