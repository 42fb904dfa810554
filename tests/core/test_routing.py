"""Which webhooks want an event, and why none does."""

from msgspec import Struct

from tidings.core.model import Unrouted
from tidings.core.routing import Route, route


class Ear(Struct, frozen=True):
    enabled: bool = True
    events: tuple[str, ...] = ("quote.executed",)


def routed(*webhooks: Ear, partner_enabled: bool = True) -> Route[Ear]:
    return route("quote.executed", partner_enabled=partner_enabled, webhooks=webhooks)


def test_every_enabled_webhook_that_subscribes_gets_the_event() -> None:
    assert routed(Ear(), Ear(enabled=False), Ear(events=()), Ear()) == Route((Ear(), Ear()), None)


def test_the_reason_says_what_would_have_to_change() -> None:
    assert routed(Ear(), partner_enabled=False) == Route((), Unrouted.PARTNER_DISABLED)
    assert routed() == Route((), Unrouted.NO_WEBHOOK)
    assert routed(Ear(enabled=False)) == Route((), Unrouted.DISABLED)
    assert routed(Ear(events=("user.closed",)), Ear(enabled=False)) == Route((), Unrouted.NOT_SUBSCRIBED)
