"""Which webhooks want an event, and why none does.

Owns the reason that operators see for an event that matched nothing (contract.md section 7).
"""

from collections.abc import Collection, Sequence
from typing import Generic, Protocol, TypeVar

from msgspec import Struct

from tidings.core.model import Unrouted


class Listener(Protocol):
    """What routing needs to know of a webhook."""

    @property
    def enabled(self) -> bool: ...

    @property
    def events(self) -> Collection[str]: ...


AnyListener = TypeVar("AnyListener", bound=Listener)


class Route(Struct, Generic[AnyListener], frozen=True):
    """Either at least one webhook, or none and the reason."""

    webhooks: tuple[AnyListener, ...]
    unrouted: Unrouted | None


def route(event_type: str, *, partner_enabled: bool, webhooks: Sequence[AnyListener]) -> Route[AnyListener]:
    """Return the enabled webhooks that subscribe to ``event_type``."""
    if not partner_enabled:
        return Route((), Unrouted.PARTNER_DISABLED)
    if not webhooks:
        return Route((), Unrouted.NO_WEBHOOK)
    enabled = [webhook for webhook in webhooks if webhook.enabled]
    if not enabled:
        return Route((), Unrouted.DISABLED)
    wanted = tuple(webhook for webhook in enabled if event_type in webhook.events)
    return Route(wanted, None if wanted else Unrouted.NOT_SUBSCRIBED)
