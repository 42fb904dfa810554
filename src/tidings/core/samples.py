"""Realistic events, for triggers, demonstrations and tests (contract.md section 6, domain facts).

Owns what a plausible one looks like. Refuses true data: accounts, amounts and ids come from ``chance``.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from random import Random
from string import ascii_uppercase, digits
from typing import TypeAlias

from tidings.core import ids
from tidings.core.instants import Instant, rfc3339_nanos

Fields: TypeAlias = dict[str, object]

REASONS = ("insufficient funds", "user account issue", "price quote expired", "other")
STATUSES = ("pending", "held", "success", "failure")

_CENT = Decimal("0.01")
_SATOSHI = Decimal("0.00000001")
_FEE_SHARE = Decimal("0.004")
_FIAT = ("USD", "EUR", "GBP")
_PRICES = {"BTC": 60_000, "ETH": 3_000, "SOL": 150}
_NETWORKS = {"BTC": "Bitcoin", "ETH": "Ethereum", "SOL": "Solana"}


def sample(event_type: str, *, now: Instant, chance: Random) -> str:
    """Return a payload as compact JSON that may be published; raise `KeyError` for a type of no catalogue."""
    particular = _FIELDS[event_type](chance)
    event: Fields = {"event_type": event_type, "iiban": _iiban(chance)}
    if not event_type.startswith("user."):
        event["id"] = ids.object_id(chance.randbytes(ids.WEBHOOK_ENTROPY))
    event["timestamp"] = rfc3339_nanos(now)
    return json.dumps(event | particular, separators=(",", ":"))


def _iiban(chance: Random) -> str:
    letters = "AA" + "".join(chance.choices(digits, k=2)) + "".join(chance.choices(ascii_uppercase + digits, k=12))
    return " ".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def _fiat(chance: Random) -> Decimal:
    return Decimal(chance.randrange(1_000, 1_000_000)) * _CENT


def _price(asset: str, chance: Random) -> Decimal:
    return (_PRICES[asset] * Decimal(chance.randrange(80, 120)) / 100).quantize(_CENT)


def _amount(asset: str, amount: Decimal) -> Fields:
    return {"asset": asset, "amount": f"{amount:f}", "asset_class": "currency"}


def _crypto(asset: str, chance: Random) -> Fields:
    return _amount(asset, (_fiat(chance) / _PRICES[asset]).quantize(_SATOSHI))


def _order(chance: Random) -> Fields:
    fiat, asset = chance.choice(_FIAT), chance.choice(tuple(_PRICES))
    side = chance.choice(("spend", "receive"))
    return {
        "action": {"amount": _amount(fiat, _fiat(chance)), "quote": {"asset": asset}, "type": side},
        "trigger": {
            "type": "price",
            "base_asset": asset,
            "quote_asset": fiat,
            "target_price": f"{_price(asset, chance):f}",
            "condition": "lte" if side == "spend" else "gte",
        },
    }


def _reason(chance: Random) -> Fields:
    return {"reason": chance.choice(REASONS)}


def _failed_order(chance: Random) -> Fields:
    return _order(chance) | _reason(chance)


def _leg(asset: str, *, subtotal: Decimal, fee: Decimal) -> Fields:
    return {
        "asset": asset,
        "asset_class": "currency",
        "total": f"{subtotal + fee:f}",
        "fee": f"{fee:f}",
        "subtotal": f"{subtotal:f}",
    }


def _quote(chance: Random) -> Fields:
    fiat, asset = chance.choice(_FIAT), chance.choice(tuple(_PRICES))
    subtotal, price = _fiat(chance), _price(asset, chance)
    bought = (subtotal / price).quantize(_SATOSHI)
    return {
        "type": "spend",
        "spend": _leg(fiat, subtotal=subtotal, fee=(subtotal * _FEE_SHARE).quantize(_CENT)),
        "receive": _leg(asset, subtotal=bought, fee=Decimal(0).quantize(_SATOSHI)),
        "unit_price": {
            "asset": asset,
            "asset_class": "currency",
            "unit_price": f"{price:f}",
            "denomination_asset": fiat,
            "denomination_asset_class": "currency",
        },
    }


def _reward(chance: Random) -> Fields:
    return {"amount": _crypto(chance.choice(tuple(_PRICES)), chance)}


def _user(_chance: Random) -> Fields:
    return {}


def _deposit(chance: Random) -> Fields:
    asset = chance.choice(tuple(_PRICES))
    return {
        "status": chance.choice(STATUSES),
        "amount": _crypto(asset, chance),
        "network": _NETWORKS[asset],
        "tx_id": chance.randbytes(32).hex(),
    }


def _withdrawal(chance: Random) -> Fields:
    transfer = _deposit(chance)
    fee = Decimal(chance.randrange(100, 5_000)) * _SATOSHI
    asset = next(asset for asset, network in _NETWORKS.items() if network == transfer["network"])
    return transfer | {"fee": _amount(asset, fee), "key": "main wallet"}


_FIELDS: dict[str, Callable[[Random], Fields]] = {
    "custom_order.executed": _order,
    "custom_order.execution_failed": _failed_order,
    "custom_order.cancelled": _failed_order,
    "quote.executed": _quote,
    "quote.execution_failed": _reason,
    "quote.cancelled": _reason,
    "reward.paid": _reward,
    "user.verified": _user,
    "user.closed": _user,
    "user.disabled": _user,
    "deposit.status_updated": _deposit,
    "withdrawal.status_updated": _withdrawal,
}
