"""The nouns: partner, key, webhook, event, delivery, attempt, lease.

Owns their shapes as values. Refuses to know where they are kept or how they are shown.
"""

from enum import StrEnum

from msgspec import Struct

from tidings.core.instants import Instant, Span
from tidings.core.roles import KeyPermission, TokenScope
from tidings.core.secret import Secret


class State(StrEnum):
    """Where a delivery stands. "Waiting for a retry" is ``pending`` with a later ``due_at``."""

    PENDING = "pending"
    IN_FLIGHT = "in_flight"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Unrouted(StrEnum):
    """Why an event matched no webhook (design.md section 5)."""

    NO_WEBHOOK = "no_webhook"
    DISABLED = "disabled"
    NOT_SUBSCRIBED = "not_subscribed"
    PARTNER_DISABLED = "partner_disabled"


class Partner(Struct, frozen=True, kw_only=True):
    """A tenant: API keys, allowed callback hosts, webhooks."""

    id: str
    name: str
    enabled: bool
    allowed_hosts: tuple[str, ...]
    created_at: Instant


class ApiKey(Struct, frozen=True, kw_only=True):
    """A partner's key. ``key`` is the public half; ``nonce_window`` is the contract's ``w``."""

    key: str
    partner: str
    nonce_window: int
    permissions: tuple[KeyPermission, ...]
    created_at: Instant
    revoked_at: Instant | None


class Token(Struct, frozen=True, kw_only=True):
    """A platform token's record; the token itself is stored only as a hash."""

    name: str
    scopes: tuple[TokenScope, ...]
    created_at: Instant
    revoked_at: Instant | None


class OperatorRole(StrEnum):
    """What an operator may do on the pages: look, or look and act."""

    VIEWER = "viewer"
    OPERATOR = "operator"


class Operator(Struct, frozen=True, kw_only=True):
    """A person who uses the console; the password is stored only as a hash."""

    name: str
    role: OperatorRole
    created_at: Instant
    disabled_at: Instant | None


class Webhook(Struct, frozen=True, kw_only=True):
    """A partner's webhook. ``url`` is kept character for character as it was registered.

    ``old_secret_ends_at`` is set while requests are signed with its old secret too.
    """

    id: str
    partner: str
    url: str
    enabled: bool
    events: tuple[str, ...]
    created_at: Instant
    updated_at: Instant
    old_secret_ends_at: Instant | None = None


class Event(Struct, frozen=True, kw_only=True):
    """One published fact for one partner. ``payload`` is the compact JSON that is signed and sent."""

    id: str
    partner: str
    event_type: str
    payload: str
    idempotency_key: str | None
    unrouted: Unrouted | None
    created_at: Instant


class EventSummary(Struct, frozen=True, kw_only=True):
    """An event without its payload, as lists show it."""

    id: str
    partner: str
    event_type: str
    idempotency_key: str | None
    unrouted: Unrouted | None
    created_at: Instant


class Delivery(Struct, frozen=True, kw_only=True):
    """One event for one webhook. ``attempts`` counts those begun; ``last_*`` speak of the newest one that ended.

    ``webhook_gone`` is whether the webhook was deleted since.
    """

    id: str
    event: str
    event_type: str
    webhook: str
    partner: str
    url: str
    webhook_gone: bool
    state: State
    attempts: int
    due_at: Instant | None
    created_at: Instant
    finished_at: Instant | None
    last_outcome: str | None
    last_status: int | None
    redelivery_of: str | None


class Attempt(Struct, frozen=True, kw_only=True):
    """One HTTP request of a delivery. ``outcome`` is None while it is in flight."""

    number: int
    started_at: Instant
    duration_ms: int | None
    outcome: str | None
    http_status: int | None
    signature: str | None
    response_excerpt: str | None


class Lease(Struct, frozen=True, kw_only=True):
    """The right of one process alone to make attempt ``number`` until ``until``, with all that it needs for it.

    ``start_by`` is on the monotonic clock: later than that, too little of the lease is left to make the attempt.
    ``secrets`` is empty when none of the webhook's secrets opens: then nothing may be sent.
    """

    delivery: str
    partner: str
    event: str
    event_type: str
    webhook: str
    url: str
    secrets: tuple[Secret, ...]
    body: bytes
    number: int
    token: str
    started_at: Instant
    until: Instant
    start_by: Span
    first_attempt_at: Instant
    due_at: Instant
    created_at: Instant
