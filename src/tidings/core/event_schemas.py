"""The shape of each published event (contract.md section 6).

Owns which fields an event must have and what they may hold. Refuses nothing that is merely unknown: the vendor adds
fields over time, and they are delivered as they came.
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

# `$` also matches before a last line feed, in Python but not in ECMAScript: hence the look-ahead.
DECIMAL = r"^-?[0-9]+(\.[0-9]+)?(?!\n)$"
TIMESTAMP = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{9}Z(?!\n)$"

Word: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255)]
Decimal: TypeAlias = Annotated[str, Meta(max_length=64, pattern=DECIMAL)]
Timestamp: TypeAlias = Annotated[str, Meta(pattern=TIMESTAMP)]

AssetClass: TypeAlias = Literal["currency"]
Side: TypeAlias = Literal["spend", "receive"]
TriggerType: TypeAlias = Literal["price"]
Condition: TypeAlias = Literal["lte", "gte"]
TransferStatus: TypeAlias = Literal["pending", "held", "success", "failure"]


class Amount(Struct, frozen=True, kw_only=True):
    """So much of an asset, as a decimal string."""

    asset: Word
    amount: Decimal
    asset_class: AssetClass | UnsetType = UNSET


class ActionQuote(Struct, frozen=True, kw_only=True):
    """What the order trades against."""

    asset: Word


class Action(Struct, frozen=True, kw_only=True):
    """What the order does when it is triggered."""

    type: Side
    amount: Amount
    quote: ActionQuote


class Trigger(Struct, frozen=True, kw_only=True):
    """The price at which the order acts."""

    type: TriggerType
    base_asset: Word
    quote_asset: Word
    target_price: Decimal
    condition: Condition


class QuoteLeg(Struct, frozen=True, kw_only=True):
    """One side of a trade: what was spent or received."""

    asset: Word
    total: Decimal
    fee: Decimal
    subtotal: Decimal
    asset_class: AssetClass | UnsetType = UNSET


class UnitPrice(Struct, frozen=True, kw_only=True):
    """The price of one unit of the asset."""

    asset: Word
    unit_price: Decimal
    denomination_asset: Word
    asset_class: AssetClass | UnsetType = UNSET
    denomination_asset_class: AssetClass | UnsetType = UNSET


class UserEvent(Struct, frozen=True, kw_only=True):
    """What every event has; the IIBAN is the id."""

    iiban: Word
    timestamp: Timestamp


class ObjectEvent(UserEvent, frozen=True, kw_only=True):
    """What an event on one object has."""

    id: Word


class FailedObjectEvent(ObjectEvent, frozen=True, kw_only=True):
    """What failed or was cancelled, and why."""

    reason: Word


class CustomOrderExecuted(ObjectEvent, frozen=True, kw_only=True):
    """The order's trade was triggered and completed."""

    action: Action
    trigger: Trigger


class CustomOrderFailed(CustomOrderExecuted, frozen=True, kw_only=True):
    """The order's execution failed, or the order was cancelled."""

    reason: Word


class QuoteExecuted(ObjectEvent, frozen=True, kw_only=True):
    """A quote was executed; all beyond the common fields is optional."""

    type: Side | UnsetType = UNSET
    spend: QuoteLeg | UnsetType = UNSET
    receive: QuoteLeg | UnsetType = UNSET
    unit_price: UnitPrice | UnsetType = UNSET


class RewardPaid(ObjectEvent, frozen=True, kw_only=True):
    """An Earn reward was paid."""

    amount: Amount


class Deposit(ObjectEvent, frozen=True, kw_only=True):
    """A deposit changed status."""

    status: TransferStatus
    amount: Amount
    fee: Amount | UnsetType = UNSET
    network: Word | UnsetType = UNSET
    tx_id: Word | UnsetType = UNSET


class Withdrawal(Deposit, frozen=True, kw_only=True):
    """A withdrawal changed status."""

    key: Word | UnsetType = UNSET


BY_TYPE: dict[str, type[UserEvent]] = {
    "custom_order.executed": CustomOrderExecuted,
    "custom_order.execution_failed": CustomOrderFailed,
    "custom_order.cancelled": CustomOrderFailed,
    "quote.executed": QuoteExecuted,
    "quote.execution_failed": FailedObjectEvent,
    "quote.cancelled": FailedObjectEvent,
    "reward.paid": RewardPaid,
    "user.verified": UserEvent,
    "user.closed": UserEvent,
    "user.disabled": UserEvent,
    "deposit.status_updated": Deposit,
    "withdrawal.status_updated": Withdrawal,
}
