"""What is measured, and how."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench import figures
from bench.figures import Figure
from bench.processes import cpu_seconds, peak_megabytes
from bench.rig import Rig, rig
from bench.travel import RATE, travel_times

CONCURRENCY = 256
WARM_UP = 2000


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured: ``deliveries`` a round for throughput, ``seconds`` a round for latency.

    ``webhooks`` is how many there are where many matter. ``is_full`` when the figures are to be believed.
    """

    rounds: int
    deliveries: int
    seconds: int
    webhooks: int
    is_full: bool = True


@dataclass(kw_only=True)
class _Rounds:
    """The values of each round of a throughput measurement."""

    per_second: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    bare_per_second: list[float] = field(default_factory=list)
    bare_cpu_us: list[float] = field(default_factory=list)
    ratio: list[float] = field(default_factory=list)


async def throughput(size: Size) -> list[Figure]:
    """Batches of 100 over HTTP, as fast as the service takes them, delivered over HTTPS, recorded."""
    rounds = _Rounds()
    async with rig() as up:
        await up.publish(await up.expect(WARM_UP), WARM_UP)
        for _ in range(size.rounds):
            await _bare_round(up, size.deliveries, rounds)
            await _round(up, size.deliveries, rounds)
            rounds.ratio.append(rounds.per_second[-1] / rounds.bare_per_second[-1])
        memory = peak_megabytes(up.service.pid)
    return [
        figure("deliveries, SQLite, full flush", "/s", rounds.per_second, figures.THROUGHPUT),
        figure("bare loop in the same run", "/s", rounds.bare_per_second),
        figure("deliveries ÷ bare loop", "", rounds.ratio, figures.RATIO),
        figure("CPU of the service for each delivery", "µs", rounds.cpu_us, figures.CPU),
        figure("CPU of the bare loop for each request", "µs", rounds.bare_cpu_us),
        figure("peak resident memory of the service", "MB", [memory]),
    ]


async def _bare_round(up: Rig, count: int, rounds: _Rounds) -> None:
    first = await up.expect(count)
    told = await up.post_bare(first, count, concurrency=CONCURRENCY)
    await up.check_exactly_once(count)
    rounds.bare_per_second.append(count / told["seconds"])
    rounds.bare_cpu_us.append(told["cpu"] / count * 1e6)


async def _round(up: Rig, count: int, rounds: _Rounds) -> None:
    first = await up.expect(count)
    begun, cpu = time.monotonic(), cpu_seconds(up.service.pid)
    await up.publish(first, count)
    took, used = time.monotonic() - begun, cpu_seconds(up.service.pid) - cpu
    await up.check_exactly_once(count)
    rounds.per_second.append(count / took)
    rounds.cpu_us.append(used / count * 1e6)


async def latency(size: Size) -> list[Figure]:
    """Single events at a steady rate: from just before the publish until the receiver has the event."""
    p50, p99 = [], []
    async with rig() as up:
        await up.publish(await up.expect(WARM_UP), WARM_UP)
        for _ in range(size.rounds):
            travelled = await travel_times(up, RATE * size.seconds)
            await up.until_recorded()
            await up.check_exactly_once(len(travelled))
            p50.append(travelled[len(travelled) // 2])
            p99.append(travelled[len(travelled) * 99 // 100])
    return [
        figure(f"latency at {RATE} events/s, p50", "ms", p50, figures.LATENCY_P50),
        figure(f"latency at {RATE} events/s, p99", "ms", p99, figures.LATENCY_P99),
    ]


def figure(name: str, unit: str, rounds: Sequence[float], target: figures.Target | None = None) -> Figure:
    return Figure(name=name, unit=unit, rounds=tuple(rounds), target=target)
