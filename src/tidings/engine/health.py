"""Which webhooks fail and which answer, as this process sees them between two looks at the database.

Owns what was heard since the last look. It is a reader of facts: attempts cost the database nothing for it. A process
that is killed loses what it heard in the last second; the next attempts tell the same again.
"""

from collections import OrderedDict
from collections.abc import Iterable

from tidings.clock import Clock
from tidings.core.instants import Instant
from tidings.core.operational_events import is_reserved
from tidings.core.outcome import Code
from tidings.store.conditions import Failing, Failure
from tidings.telemetry.facts import AttemptEnded, Fact

_MOST_REMEMBERED = 65_536


class Health:
    """Hears of every attempt."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: dict[str, Failure] = {}
        self._well: OrderedDict[str, Instant] = OrderedDict()

    def read(self, fact: Fact) -> None:
        """Learn of an attempt. This is an ``Emit``."""
        # A lease that ran out says nothing about the receiver. The operations' own webhook is not told about: nobody
        # would hear of it, and telling it would make more to tell.
        if not isinstance(fact, AttemptEnded) or fact.outcome == Code.LEASE_LOST or is_reserved(fact.partner):
            return
        now = self._clock.now()
        if fact.outcome == Code.OK:
            self._succeeded(fact.webhook, now)
        else:
            self._failed(fact, now)

    def recovered_at(self, webhook: Failing) -> Instant | None:
        """Return when it answered with a success after it began to fail. Safe to call from any thread."""
        succeeded = self._well.get(webhook.webhook_id, 0)
        return succeeded if succeeded > webhook.failing_since else None

    def failures(self) -> list[Failure]:
        """Return who failed since ``forget`` and has not succeeded since."""
        return list(self._failures.values())

    def forget(self, told: Iterable[Failure]) -> None:
        """Drop what the database knows by now; what was heard meanwhile stays."""
        for failure in told:
            if self._failures.get(failure.webhook_id) is failure:
                del self._failures[failure.webhook_id]

    def _succeeded(self, webhook: str, now: Instant) -> None:
        self._failures.pop(webhook, None)
        self._well[webhook] = now
        self._well.move_to_end(webhook)
        if len(self._well) > _MOST_REMEMBERED:
            self._well.popitem(last=False)

    def _failed(self, fact: AttemptEnded, now: Instant) -> None:
        before = self._failures.get(fact.webhook)
        self._failures[fact.webhook] = Failure(
            webhook_id=fact.webhook,
            partner_id=fact.partner,
            failing_since=now if before is None else before.failing_since,
            last_failed_at=now,
            last_outcome=fact.outcome,
        )
