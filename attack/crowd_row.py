"""Section 5: a crowd of misbehaving receivers, all at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from attack.receivers import MISBEHAVING, listening
from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import EVENT, Site, Stage

_MOST_GROWTH_MB = 100
_EVERY_S = 0.2
_HEALTHY_ROUNDS = 20
_WITHIN_S = 900.0


async def _crowd(stage: Stage, size: Size) -> Tally:
    """Deliver to so many receivers of each kind at once, and to a healthy one meanwhile."""
    tally = Tally()
    async with stage.own_site({"TIDINGS_RETRY_BASE": "1", "TIDINGS_RETRY_CAP": "60"}) as site:
        (healthy,) = await site.hooks(stage.names("well", 1))
        await site.publish(healthy.partner, times=5)
        with listening(stage, MISBEHAVING, each=size.crowd) as names:
            hooks = await site.hooks(list(names), each=100)
            before = _resident_mb(site)
            async with _watching(site) as peak:
                await _publish_to_all(site, {hook.partner for hook in hooks})
                for _ in range(_HEALTHY_ROUNDS):
                    newest = (await site.publish(healthy.partner))[0]
                    tally.check(newest["state"] == "delivered", f"the healthy receiver: {newest}")
                left = await _first_attempts(site, {hook.partner for hook in hooks})
            grown = max(peak) - before
        tally.check(grown < _MOST_GROWTH_MB, f"memory grew by {grown:.0f} MB from {before:.0f} MB")
        tally.hold(left == 0, f"{left} deliveries were never attempted")
        tally.tried += len(hooks)
        tally.note(
            f"{len(hooks)} receivers of {len(MISBEHAVING)} kinds; memory {before:.0f} MB, grew by {grown:.0f} MB"
        )
    return tally


async def _publish_to_all(site: Site, partners: set[str]) -> None:
    payload = {"event_type": EVENT, "iiban": "AA00 TEST EXAM PLE1", "timestamp": "2025-01-15T10:30:00.000000000Z"}
    for name in sorted(partners):
        await site.platform.publish({"partner": name, "payload": payload})


async def _first_attempts(site: Site, partners: set[str]) -> int:
    """Wait until every delivery has ended; return how many were never attempted."""
    ended = [await site.ended(name, within=_WITHIN_S) for name in sorted(partners)]
    return sum(one["attempts"] == 0 for deliveries in ended for one in deliveries)


@asynccontextmanager
async def _watching(site: Site) -> AsyncIterator[list[float]]:
    """Note the resident memory of the service again and again."""
    seen = [_resident_mb(site)]

    async def watch() -> None:
        while True:
            seen.append(_resident_mb(site))
            await asyncio.sleep(_EVERY_S)

    watching = asyncio.create_task(watch())
    try:
        yield seen
    finally:
        watching.cancel()


def _resident_mb(site: Site) -> float:
    status = Path(f"/proc/{site.service.pid}/status").read_text("ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1000


ROWS = (
    Row(
        name="crowd",
        section=Section.OUTBOUND,
        attack="many receivers of every misbehaving kind at once, with everything as it is by default but the times",
        expected=f"memory grows by less than {_MOST_GROWTH_MB} MB, and a healthy receiver gets everything meanwhile",
        play=_crowd,
    ),
)
