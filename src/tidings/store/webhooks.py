"""Statements on webhooks and their test calls. Every statement carries the partner (security.md section 3)."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

from tidings.core.instants import Instant
from tidings.core.model import Webhook
from tidings.core.operational_events import PARTNER
from tidings.store.rows import Given, fetch_all, in_one_value
from tidings.store.tables import partners, webhook_tests, webhooks


class SealedSecrets(Struct, frozen=True, kw_only=True):
    """A webhook's signing secrets as they are kept. Until ``old_ends_at`` requests are signed with the old one too."""

    newest: str
    old: str | None = None
    old_ends_at: Instant | None = None


class Subscriber(Struct, frozen=True, array_like=True):
    """A partner and one of its living webhooks, or none: what routing needs."""

    partner_id: str
    partner_enabled: int
    webhook_id: str | None
    url: str | None
    enabled: int | None
    events: str | None
    sealed_secret: str | None
    old_sealed_secret: str | None
    old_secret_ends_at: Instant | None


_named = Given("named", [("partner_id", Text)])
_LIVING = webhooks.c.deleted_at.is_(None)
_OF_A_PARTNER = webhooks.c.partner_id != PARTNER
_SUBSCRIBERS = in_one_value(
    select(
        partners.c.id,
        cast(partners.c.disabled_at.is_(None), Integer).label("partner_enabled"),
        webhooks.c.id.label("webhook_id"),
        webhooks.c.url,
        cast(webhooks.c.enabled, Integer).label("enabled"),
        webhooks.c.events,
        webhooks.c.sealed_secret,
        webhooks.c.old_sealed_secret,
        webhooks.c.old_secret_ends_at,
    )
    .select_from(_named.source)
    .join(partners, partners.c.id == _named["partner_id"])
    .outerjoin(webhooks, and_(webhooks.c.partner_id == partners.c.id, _LIVING))
)

_FORGET = (
    update(webhooks)
    .where(webhooks.c.old_secret_ends_at <= bindparam("now", type_=BigInteger()))
    .values(old_sealed_secret=None, old_secret_ends_at=None)
)


def subscribers(connection: Connection, names: Sequence[str]) -> list[Subscriber]:
    """Return the partners of ``names`` that exist, each with its living webhooks."""
    return fetch_all(connection, _SUBSCRIBERS, Subscriber, **_named.bind([(name,) for name in names]))


def insert_one(connection: Connection, webhook: Webhook, *, sealed_secret: str) -> None:
    connection.execute(
        insert(webhooks).values(
            id=webhook.id,
            partner_id=webhook.partner,
            url=webhook.url,
            enabled=webhook.enabled,
            events=encode_events(webhook.events),
            sealed_secret=sealed_secret,
            created_at=webhook.created_at,
            updated_at=webhook.updated_at,
        )
    )


def of_partner(connection: Connection, partner: str) -> list[Webhook]:
    statement = select(webhooks).where(webhooks.c.partner_id == partner, _LIVING).order_by(webhooks.c.created_at)
    return [_webhook(row) for row in connection.execute(statement)]


def every(connection: Connection) -> list[Webhook]:
    """Return the living webhooks of all partners; the operations' own is none of them."""
    statement = select(webhooks).where(_LIVING, _OF_A_PARTNER).order_by(webhooks.c.partner_id, webhooks.c.created_at)
    return [_webhook(row) for row in connection.execute(statement)]


def page(connection: Connection, *, partner: str | None, after: str | None, limit: int) -> list[Webhook]:
    """Return at most ``limit`` living webhooks by id, those behind ``after``: of ``partner``, or of all."""
    narrowed = [] if partner is None else [webhooks.c.partner_id == partner]
    behind = [] if after is None else [webhooks.c.id > after]
    statement = select(webhooks).where(_LIVING, _OF_A_PARTNER, *narrowed, *behind).order_by(webhooks.c.id).limit(limit)
    return [_webhook(row) for row in connection.execute(statement)]


def find(connection: Connection, name: str) -> Webhook | None:
    """Return a living webhook, whosever it is: for operators, never for a partner."""
    row = connection.execute(select(webhooks).where(webhooks.c.id == name, _LIVING, _OF_A_PARTNER)).one_or_none()
    return None if row is None else _webhook(row)


def owner_of(connection: Connection, name: str) -> str | None:
    """Return the partner of a webhook, deleted ones included."""
    found: str | None = connection.execute(select(webhooks.c.partner_id).where(webhooks.c.id == name)).scalar()
    return found


def get(connection: Connection, partner: str, name: str) -> Webhook | None:
    row = _row(connection, partner, name)
    return None if row is None else _webhook(row)


def sealed_secrets(connection: Connection, partner: str, name: str) -> SealedSecrets | None:
    row = _row(connection, partner, name)
    if row is None:
        return None
    return SealedSecrets(newest=row.sealed_secret, old=row.old_sealed_secret, old_ends_at=row.old_secret_ends_at)


def set_secrets(connection: Connection, partner: str, name: str, sealed: SealedSecrets) -> None:
    """Have a webhook's requests signed with these secrets from now on."""
    connection.execute(
        update(webhooks)
        .where(webhooks.c.partner_id == partner, webhooks.c.id == name, _LIVING)
        .values(sealed_secret=sealed.newest, old_sealed_secret=sealed.old, old_secret_ends_at=sealed.old_ends_at)
    )


def forget_old_secrets(connection: Connection, now: Instant) -> None:
    """Wipe the old signing secrets whose overlap is over; nothing is signed with them any more."""
    connection.execute(_FORGET, {"now": now})


def change(connection: Connection, webhook: Webhook) -> None:
    """Write what may change of a webhook: whether it is enabled, what it subscribes to, and when that was."""
    connection.execute(
        update(webhooks)
        .where(webhooks.c.partner_id == webhook.partner, webhooks.c.id == webhook.id, _LIVING)
        .values(enabled=webhook.enabled, events=encode_events(webhook.events), updated_at=webhook.updated_at)
    )


def delete(connection: Connection, partner: str, name: str, *, now: Instant) -> None:
    """End a webhook for good. Its row stays, for the deliveries that name it; its secret does not."""
    connection.execute(
        update(webhooks)
        .where(webhooks.c.partner_id == partner, webhooks.c.id == name, _LIVING)
        .values(
            deleted_at=now,
            enabled=False,
            sealed_secret="",
            old_sealed_secret=None,
            old_secret_ends_at=None,
        )
    )


_ANY_WITHDRAWING = select(webhooks.c.id).where(webhooks.c.withdrawing).order_by(webhooks.c.id).limit(1)


def set_withdrawing(connection: Connection, name: str, *, withdrawing: bool) -> None:
    """Say whether something that waited when the webhook was paused is still to be cancelled: it is not claimed."""
    connection.execute(update(webhooks).where(webhooks.c.id == name).values(withdrawing=withdrawing))


def is_withdrawing(connection: Connection, name: str) -> bool:
    return bool(connection.execute(select(webhooks.c.withdrawing).where(webhooks.c.id == name)).scalar())


def hold_withdrawing(connection: Connection, name: str | None) -> str | None:
    """Return ``name``, or any webhook that nobody else is busy with, if something is left to cancel there.

    It is held until the transaction ends: two that cancel the same would take the other's part for the end.
    """
    if name is None:
        statement = _ANY_WITHDRAWING.with_for_update(skip_locked=True)
    else:
        statement = _ANY_WITHDRAWING.where(webhooks.c.id == name).with_for_update()
    found: str | None = connection.execute(statement).scalar()
    return found


class TestCall(Struct, frozen=True, kw_only=True):
    """A test call on record, like an attempt without a delivery."""

    __test__ = False  # the name begins with Test, but it is no test case
    id: str
    webhook_id: str
    started_at: Instant
    duration_ms: int | None = None
    outcome: str | None = None
    http_status: int | None = None
    signature: str | None = None
    response_excerpt: str | None = None


def test_running_since(connection: Connection, webhook: str) -> Instant | None:
    """Return when the running test of a webhook began, or None when none runs."""
    statement = select(func.max(webhook_tests.c.started_at)).where(
        webhook_tests.c.webhook_id == webhook, webhook_tests.c.outcome.is_(null())
    )
    found: Instant | None = connection.execute(statement).scalar()
    return found


def begin_test(connection: Connection, call: TestCall) -> None:
    connection.execute(insert(webhook_tests).values(msgspec.structs.asdict(call)))


def end_test(connection: Connection, call: TestCall) -> None:
    connection.execute(
        update(webhook_tests)
        .where(webhook_tests.c.id == call.id, webhook_tests.c.outcome.is_(null()))
        .values(msgspec.structs.asdict(call))
    )


def abandon_tests(connection: Connection, webhook: str, *, outcome: str) -> None:
    """End the tests of a webhook that no process can still be making."""
    connection.execute(
        update(webhook_tests)
        .where(webhook_tests.c.webhook_id == webhook, webhook_tests.c.outcome.is_(null()))
        .values(outcome=literal(outcome))
    )


def _row(connection: Connection, partner: str, name: str) -> Row[*tuple[object, ...]] | None:
    statement = select(webhooks).where(webhooks.c.partner_id == partner, webhooks.c.id == name, _LIVING)
    return connection.execute(statement).one_or_none()


def _webhook(row: Row[*tuple[object, ...]]) -> Webhook:
    return Webhook(
        id=row.id,
        partner=row.partner_id,
        url=row.url,
        enabled=bool(row.enabled),
        events=decode_events(row.events),
        created_at=row.created_at,
        updated_at=row.updated_at,
        old_secret_ends_at=row.old_secret_ends_at,
    )


def decode_events(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])


def encode_events(events: tuple[str, ...]) -> str:
    return msgspec.json.encode(events).decode()
