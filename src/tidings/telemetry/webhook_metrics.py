"""Numbers for each webhook, where a setting asks for them.

Owns the bound: so many webhooks get labels of their own, the first ones that are heard of; all others share one.
"""

from prometheus_client import Counter

from tidings.core.outcome import Code
from tidings.telemetry.facts import AttemptEnded
from tidings.telemetry.shelf import Shelf

OTHER = "other"


class WebhookMetrics:
    """Counts attempts by webhook. ``most`` 0 counts nothing."""

    def __init__(self, shelf: Shelf, *, most: int) -> None:
        self._most = most
        self._attempts = shelf.counter(
            "tidings_webhook_attempts",
            "Attempts by webhook, for as many webhooks as TIDINGS_METRICS_PER_WEBHOOK says; the others are `other`.",
            "partner",
            "webhook",
            "result",
        )
        self._known: dict[str, tuple[Counter, Counter]] = {}
        self._others = self._children(OTHER, OTHER) if most else None

    def attempt_ended(self, fact: AttemptEnded) -> None:
        if self._others is None:
            return
        counters = self._known.get(fact.webhook) or self._new(fact)
        counters[fact.outcome == Code.OK].inc()

    def _new(self, fact: AttemptEnded) -> tuple[Counter, Counter]:
        if self._others is not None and len(self._known) >= self._most:
            return self._others
        self._known[fact.webhook] = made = self._children(fact.partner, fact.webhook)
        return made

    def _children(self, partner: str, webhook: str) -> tuple[Counter, Counter]:
        failed, ok = (
            self._attempts.labels(partner=partner, webhook=webhook, result=result) for result in ("failed", "ok")
        )
        return failed, ok
