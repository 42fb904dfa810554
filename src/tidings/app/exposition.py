"""What /metrics answers: facts counted so far, and how things stand at the moment of the scrape.

Owns the time that a scrape may wait for the database. Refuses to fail with it: a database that is down is when the
other numbers are wanted most.
"""

import asyncio

from tidings.actions.accounting import how_things_stand
from tidings.actions.context import Context
from tidings.engine.engine import Engine
from tidings.errors import Unavailable
from tidings.telemetry.metrics import Metrics
from tidings.telemetry.standing import Standing

_PATIENCE_S = 2.0


class Exposition:
    """Answers scrapes. A process without an engine shows none."""

    def __init__(self, ctx: Context, metrics: Metrics, *, engine: Engine | None) -> None:
        self._ctx = ctx
        self._metrics = metrics
        self._engine = engine

    async def __call__(self) -> bytes:
        """Return all metrics in the text format."""
        gauges, ctx = self._metrics.gauges, self._ctx
        gauges.set_standing(await self._standing(), now=ctx.clock.now(), lease=ctx.limits.lease)
        if self._engine is not None:
            gauges.set_load(self._engine.load())
        return self._metrics.exposition()

    async def _standing(self) -> Standing | None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await how_things_stand(self._ctx)
        except (Unavailable, TimeoutError):
            return None
