"""How a partner or a webhook fares: what went well and how fast, what waits, and whether it is failing just now."""

from collections.abc import Sequence

from msgspec import Struct

from tidings.actions import failing, waiting
from tidings.actions.failing import FailingWebhook
from tidings.actions.waiting import Waiting
from tidings.core.instants import Instant, Span
from tidings.web.console.access import Visit
from tidings.web.console.history import History, history


class Health(Struct, frozen=True, kw_only=True):
    """What the section of that name shows; ``filter`` finds the same deliveries in the list."""

    history: History
    waiting: Waiting
    overdue: Span | None
    failing: list[FailingWebhook]
    page: str
    filter: str


async def of_partner(visit: Visit, partner: str, webhooks: Sequence[str], *, page: str) -> Health:
    """Return the health of a partner with these webhooks, for its page."""
    return await _health(visit, webhooks, await history(visit, partner=partner), page, f"partner={partner}")


async def of_webhook(visit: Visit, webhook: str, *, page: str) -> Health:
    return await _health(visit, [webhook], await history(visit, webhook=webhook), page, f"webhook={webhook}")


def overdue(due_at: Instant | None, now: Instant) -> Span | None:
    """Return for how long the delivery that is due first has waited; None when nothing is due."""
    return None if due_at is None or due_at > now else now - due_at


async def _health(visit: Visit, webhooks: Sequence[str], past: History, page: str, found_by: str) -> Health:
    waits = await waiting.what_waits(visit.ctx, webhooks)
    return Health(
        history=past,
        waiting=waits,
        overdue=overdue(waits.first_due_at, visit.ctx.clock.now()),
        failing=await failing.list_failing_among(visit.ctx, webhooks),
        page=page,
        filter=found_by,
    )
