"""One payload of each event type, written from contract.md section 6 by hand.

Owns what a publishing platform would send. Refuses to use the product's own samples: each checks the other.
"""

from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]

_COMMON: JsonObject = {
    "iiban": "AA00 TEST EXAM PLE1",
    "id": "AEGXGV-JZ4I2-6QXEJS",
    "timestamp": "2025-01-15T10:30:00.000000000Z",
}
_AMOUNT: JsonObject = {"asset": "USD", "amount": "100.00", "asset_class": "currency"}
_ORDER: JsonObject = {
    **_COMMON,
    "action": {"amount": _AMOUNT, "quote": {"asset": "BTC"}, "type": "spend"},
    "trigger": {
        "type": "price",
        "base_asset": "BTC",
        "quote_asset": "USD",
        "target_price": "50000.00",
        "condition": "lte",
    },
}
_QUOTE: JsonObject = {**_COMMON, "id": "QTB4XO-2M7LD-HK3WQA"}
_USER: JsonObject = {"iiban": _COMMON["iiban"], "timestamp": _COMMON["timestamp"]}
_TRANSFER: JsonObject = {**_COMMON, "amount": {"asset": "BTC", "amount": "0.25000000"}, "network": "Bitcoin"}

SAMPLES: dict[str, JsonObject] = {
    "custom_order.executed": _ORDER,
    "custom_order.execution_failed": {**_ORDER, "reason": "insufficient funds"},
    "custom_order.cancelled": {**_ORDER, "reason": "user account issue"},
    "quote.executed": {**_QUOTE, "type": "receive"},
    "quote.execution_failed": {**_QUOTE, "reason": "price quote expired"},
    "quote.cancelled": {**_QUOTE, "reason": "other"},
    "reward.paid": {**_COMMON, "amount": {"asset": "ETH", "amount": "0.00012345", "asset_class": "currency"}},
    "user.verified": _USER,
    "user.closed": _USER,
    "user.disabled": _USER,
    "deposit.status_updated": {**_TRANSFER, "status": "pending"},
    "withdrawal.status_updated": {**_TRANSFER, "status": "success", "key": "Müller & Söhne"},
}
EVENT_TYPES = tuple(SAMPLES)


def sample(event_type: str = "custom_order.executed") -> JsonObject:
    return {"event_type": event_type, **SAMPLES[event_type]}


def marked(marker: str, event_type: str = "user.verified") -> JsonObject:
    """Return a payload that carries ``marker`` in a field the contract does not know: such fields are delivered."""
    return {**sample(event_type), "marker": marker}
