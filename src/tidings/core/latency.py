"""How long from published to delivered, kept as counts in fixed bins, so that any number of spans adds up.

Owns the bins and the estimate of a percentile from them. Its error is at most the width of a bin: the bins follow one
another by a factor of two at most below 10 s.
"""

from bisect import bisect_left
from collections.abc import Sequence

from tidings.core.instants import MILLISECOND, Span

BOUNDS_MS = (
    *(1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700),
    *(1_000, 2_000, 3_000, 5_000, 10_000, 30_000, 60_000, 150_000, 300_000),
)
"""The inclusive upper ends of the bins; the last bin, behind them, has none."""
BINS = len(BOUNDS_MS) + 1


def bin_of(latency: Span) -> int:
    """Return the number of the bin that a latency belongs to."""
    return bisect_left(BOUNDS_MS, max(0, latency) / MILLISECOND)


def percentile_ms(counts: Sequence[int], percent: int) -> float | None:
    """Estimate from the counts of all bins; None when nothing was counted.

    A percentile beyond the last bound is told as that bound.
    """
    total = sum(counts)
    if not total:
        return None
    wanted, passed = total * percent / 100, 0
    for number, count in enumerate(counts[:-1]):
        if count and passed + count >= wanted:
            low = BOUNDS_MS[number - 1] if number else 0
            return round(low + (BOUNDS_MS[number] - low) * (wanted - passed) / count, 3)
        passed += count
    return float(BOUNDS_MS[-1])
