"""Verify and read Payward Embed webhooks.

`verify` returns a typed event or raises a `VerificationError`; `sign` makes the header, for tests of a receiver.
"""

from tidings_receiver.errors import (
    InvalidSecret,
    MalformedPayload,
    MalformedSignature,
    MissingSignature,
    SignatureMismatch,
    TimestampOutOfTolerance,
    VerificationError,
)
from tidings_receiver.events import (
    Action,
    ActionQuote,
    Amount,
    CustomOrderCancelled,
    CustomOrderExecuted,
    CustomOrderExecutionFailed,
    DepositStatusUpdated,
    Event,
    QuoteCancelled,
    QuoteExecuted,
    QuoteExecutionFailed,
    QuoteLeg,
    RewardPaid,
    Trigger,
    UnitPrice,
    UnknownEvent,
    UserClosed,
    UserDisabled,
    UserVerified,
    WebhookTest,
    WithdrawalStatusUpdated,
)
from tidings_receiver.verification import sign, verify

__version__ = "0.1.0"

__all__ = [
    "Action",
    "ActionQuote",
    "Amount",
    "CustomOrderCancelled",
    "CustomOrderExecuted",
    "CustomOrderExecutionFailed",
    "DepositStatusUpdated",
    "Event",
    "InvalidSecret",
    "MalformedPayload",
    "MalformedSignature",
    "MissingSignature",
    "QuoteCancelled",
    "QuoteExecuted",
    "QuoteExecutionFailed",
    "QuoteLeg",
    "RewardPaid",
    "SignatureMismatch",
    "TimestampOutOfTolerance",
    "Trigger",
    "UnitPrice",
    "UnknownEvent",
    "UserClosed",
    "UserDisabled",
    "UserVerified",
    "VerificationError",
    "WebhookTest",
    "WithdrawalStatusUpdated",
    "__version__",
    "sign",
    "verify",
]
