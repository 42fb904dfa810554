"""The events, typed.

Owns one frozen class for each event type and for each object inside one; ``raw`` is the whole payload. Refuses to
check formats: amounts stay decimal strings, times stay text, and unknown fields stay in ``raw``.
"""

from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """So much of an asset, as a decimal string."""

    asset: str
    amount: str
    asset_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionQuote:
    """What the order trades against."""

    asset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What the order does when it is triggered."""

    type: str
    amount: Amount
    quote: ActionQuote


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """The price at which the order acts."""

    type: str
    base_asset: str
    quote_asset: str
    target_price: str
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLeg:
    """One side of a trade: what was spent or received."""

    asset: str
    total: str
    fee: str
    subtotal: str
    asset_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPrice:
    """The price of one unit of the asset."""

    asset: str
    unit_price: str
    denomination_asset: str
    asset_class: str | None = None
    denomination_asset_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _UserEvent:
    """What every event has."""

    event_type: str
    iiban: str
    timestamp: str
    raw: dict[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ObjectEvent(_UserEvent):
    """What an event on one object has; ``id`` names the object."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomOrderExecuted(_ObjectEvent):
    """The order's trade was triggered and completed."""

    action: Action
    trigger: Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomOrderExecutionFailed(_ObjectEvent):
    """The order's execution failed."""

    action: Action
    trigger: Trigger
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomOrderCancelled(_ObjectEvent):
    """The order was cancelled."""

    action: Action
    trigger: Trigger
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteExecuted(_ObjectEvent):
    """A quote was executed."""

    type: str | None = None
    spend: QuoteLeg | None = None
    receive: QuoteLeg | None = None
    unit_price: UnitPrice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteExecutionFailed(_ObjectEvent):
    """A quote's execution failed."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteCancelled(_ObjectEvent):
    """A quote was cancelled before execution."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardPaid(_ObjectEvent):
    """An Earn reward was paid."""

    amount: Amount


@dataclass(frozen=True, slots=True, kw_only=True)
class UserVerified(_UserEvent):
    """The user may now trade; ``iiban`` is the id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserClosed(_UserEvent):
    """The account is closed for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDisabled(_UserEvent):
    """The account is disabled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositStatusUpdated(_ObjectEvent):
    """A deposit changed status: pending, held, success or failure."""

    status: str
    amount: Amount
    fee: Amount | None = None
    network: str | None = None
    tx_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalStatusUpdated(_ObjectEvent):
    """A withdrawal changed status: pending, held, success or failure."""

    status: str
    amount: Amount
    fee: Amount | None = None
    network: str | None = None
    tx_id: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTest:
    """What the test endpoint sends: nothing happened."""

    event_type: str
    message: str
    raw: dict[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent:
    """An event of a type that this version does not know: accept it, and pass over it."""

    event_type: str
    raw: dict[str, Any] = field(repr=False, compare=False)


KnownEvent: TypeAlias = (
    CustomOrderExecuted
    | CustomOrderExecutionFailed
    | CustomOrderCancelled
    | QuoteExecuted
    | QuoteExecutionFailed
    | QuoteCancelled
    | RewardPaid
    | UserVerified
    | UserClosed
    | UserDisabled
    | DepositStatusUpdated
    | WithdrawalStatusUpdated
    | WebhookTest
)
Event: TypeAlias = KnownEvent | UnknownEvent

BY_TYPE: dict[str, type[KnownEvent]] = {
    "custom_order.executed": CustomOrderExecuted,
    "custom_order.execution_failed": CustomOrderExecutionFailed,
    "custom_order.cancelled": CustomOrderCancelled,
    "quote.executed": QuoteExecuted,
    "quote.execution_failed": QuoteExecutionFailed,
    "quote.cancelled": QuoteCancelled,
    "reward.paid": RewardPaid,
    "user.verified": UserVerified,
    "user.closed": UserClosed,
    "user.disabled": UserDisabled,
    "deposit.status_updated": DepositStatusUpdated,
    "withdrawal.status_updated": WithdrawalStatusUpdated,
    "webhook.test": WebhookTest,
}
NESTED: tuple[type, ...] = (Action, ActionQuote, Amount, QuoteLeg, Trigger, UnitPrice)
