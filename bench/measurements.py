"""What is measured, and how."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from bench import figures
from bench.databases import Kind
from bench.figures import Figure
from bench.processes import peak_megabytes
from bench.rig import Rig, rig
from bench.travel import RATE, percentile, travel_times

CONCURRENCY = 256
WARM_UP = 2000


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured: ``deliveries`` a round for throughput, ``seconds`` a round for latency.

    ``webhooks`` is how many there are where many matter, ``history`` and ``pending`` how many rows where rows matter.
    ``is_full`` when the figures are to be believed. ``processes`` share one PostgreSQL.
    """

    rounds: int
    deliveries: int
    seconds: int
    webhooks: int
    history: int
    pending: int
    kind: Kind = Kind.SQLITE
    processes: int = 1
    is_full: bool = True


@dataclass(kw_only=True)
class Rounds:
    """The values of each round of a throughput measurement."""

    per_second: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    bare_per_second: list[float] = field(default_factory=list)
    bare_cpu_us: list[float] = field(default_factory=list)
    ratio: list[float] = field(default_factory=list)


async def throughput(size: Size) -> list[Figure]:
    """Batches of 100 over HTTP, as fast as the service takes them, delivered over HTTPS, recorded."""
    async with rig(size.kind) as up:
        await up.publish(await up.expect(WARM_UP), WARM_UP)
        rounds = await _rounds(up, size)
        memory = peak_megabytes(up.service.pid)
        grown = await _with_more(up, size, rounds) if size.processes > 1 else []
    target = figures.THROUGHPUT if size.kind is Kind.SQLITE else figures.THROUGHPUT_OF_A_SERVER
    # What is promised of each delivery and beside the bare loop, is promised of SQLite, which has no other process.
    ratio, cpu = (figures.RATIO, figures.CPU) if size.kind is Kind.SQLITE else (None, None)
    return [
        figure(f"deliveries, {size.kind.spelt}, one process", "/s", rounds.per_second, target),
        figure("bare loop in the same run", "/s", rounds.bare_per_second),
        figure("deliveries ÷ bare loop", "", rounds.ratio, ratio),
        figure("CPU of the service for each delivery", "µs", rounds.cpu_us, cpu),
        figure("CPU of the bare loop for each request", "µs", rounds.bare_cpu_us),
        figure("peak resident memory of the service", "MB", [memory]),
        *grown,
    ]


async def _rounds(up: Rig, size: Size) -> Rounds:
    rounds = Rounds()
    for _ in range(size.rounds):
        await _bare_round(up, size.deliveries, rounds)
        await measure_round(up, size.deliveries, rounds)
        rounds.ratio.append(rounds.per_second[-1] / rounds.bare_per_second[-1])
    return rounds


async def _with_more(up: Rig, size: Size, alone: Rounds) -> list[Figure]:
    """Measure again with all processes at the same database."""
    await up.start(size.processes - 1)
    await up.publish(await up.expect(WARM_UP), WARM_UP)
    together = await _rounds(up, size)
    name = f"{size.processes} processes"
    grown = [median(together.per_second) / median(alone.per_second)]
    return [
        figure(f"deliveries, {size.kind.spelt}, {name}", "/s", together.per_second),
        figure(f"CPU of the service for each delivery, {name}", "µs", together.cpu_us),
        figure(f"deliveries, {name} ÷ one", "", grown),
    ]


async def _bare_round(up: Rig, count: int, rounds: Rounds) -> None:
    first = await up.expect(count)
    told = await up.post_bare(first, count, concurrency=CONCURRENCY)
    await up.check_exactly_once(count)
    rounds.bare_per_second.append(count / told["seconds"])
    rounds.bare_cpu_us.append(told["cpu"] / count * 1e6)


async def measure_round(up: Rig, count: int, rounds: Rounds) -> None:
    """Publish ``count`` events and wait for their end; add how fast that was and what it cost to ``rounds``."""
    first = await up.expect(count)
    begun, cpu = time.monotonic(), up.cpu_seconds()
    await up.publish(first, count)
    took, used = time.monotonic() - begun, up.cpu_seconds() - cpu
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
            p50.append(percentile(travelled, 50))
            p99.append(percentile(travelled, 99))
    return [
        figure(f"latency at {RATE} events/s, p50", "ms", p50, figures.LATENCY_P50),
        figure(f"latency at {RATE} events/s, p99", "ms", p99, figures.LATENCY_P99),
    ]


def figure(name: str, unit: str, rounds: Sequence[float], target: figures.Target | None = None) -> Figure:
    return Figure(name=name, unit=unit, rounds=tuple(rounds), target=target)
