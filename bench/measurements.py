"""What is measured, and how."""

import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import figures
from bench.figures import Figure
from bench.processes import cpu_seconds, peak_megabytes
from bench.rig import Rig, rig

CONCURRENCY = 256
RATE = 500
WARM_UP = 2000


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured: ``deliveries`` a round for throughput, ``seconds`` a round for latency."""

    rounds: int
    deliveries: int
    seconds: int


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
        _figure("deliveries, SQLite, full flush", "/s", rounds.per_second, figures.THROUGHPUT),
        _figure("bare loop in the same run", "/s", rounds.bare_per_second),
        _figure("deliveries ÷ bare loop", "", rounds.ratio, figures.RATIO),
        _figure("CPU of the service for each delivery", "µs", rounds.cpu_us, figures.CPU),
        _figure("CPU of the bare loop for each request", "µs", rounds.bare_cpu_us),
        _figure("peak resident memory of the service", "MB", [memory]),
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
            travelled = await _travel_times(up, RATE * size.seconds)
            p50.append(travelled[len(travelled) // 2])
            p99.append(travelled[len(travelled) * 99 // 100])
    return [
        _figure(f"latency at {RATE} events/s, p50", "ms", p50, figures.LATENCY_P50),
        _figure(f"latency at {RATE} events/s, p99", "ms", p99, figures.LATENCY_P99),
    ]


async def _travel_times(up: Rig, count: int) -> list[float]:
    """Return in order how many milliseconds each event took."""
    sent, arrived = up.folder / "sent", up.folder / "arrived"
    first = await up.expect(count)
    await up.publish(first, count, rate=RATE, times=str(sent))
    await up.check_exactly_once(count)
    await up.receiver.ask({"times": str(arrived)})
    return sorted(1000 * (end - start) for start, end in zip(_times(sent), _times(arrived), strict=True))


def _times(file: Path) -> Sequence[float]:
    return array("d", file.read_bytes())


def _figure(name: str, unit: str, rounds: Sequence[float], target: figures.Target | None = None) -> Figure:
    return Figure(name=name, unit=unit, rounds=tuple(rounds), target=target)
