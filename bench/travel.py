"""How long single events travel: from just before the publish until the receiver has read them."""

from array import array
from collections.abc import Sequence
from pathlib import Path

from bench.rig import Rig

RATE = 500


async def travel_times(up: Rig, count: int, *, partners: int | None = None) -> list[float]:
    """Publish ``count`` events at ``RATE`` a second; return in order how many milliseconds each took.

    They go to the first ``partners`` partners in turn, or to all.
    """
    sent, arrived = up.folder / "sent", up.folder / "arrived"
    first = await up.expect(count)
    await up.offer(first, count, rate=RATE, times=str(sent), partners=partners or len(up.urls))
    await up.until_arrived(count)
    await up.receiver.ask({"times": str(arrived)})
    return sorted(1000 * (end - start) for start, end in zip(_times(sent), _times(arrived), strict=True))


def percentile(ordered: Sequence[float], part: int) -> float:
    """Return the value that so many of 100 of the ``ordered`` ones do not exceed."""
    return ordered[len(ordered) * part // 100]


def _times(file: Path) -> Sequence[float]:
    return array("d", file.read_bytes())
