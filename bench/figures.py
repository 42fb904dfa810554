"""The figures that are promised (design.md section 6), and what was measured of each."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, kw_only=True)
class Target:
    """A promise: the figure is at least, or at most, ``bound``."""

    bound: float
    at_least: bool

    def is_met_by(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def wording(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {spell(self.bound)}"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured figure: its value in each round. Without a target it is there to compare with."""

    name: str
    unit: str
    rounds: tuple[float, ...]
    target: Target | None = None

    @property
    def value(self) -> float:
        return median(self.rounds)

    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "met" if self.target.is_met_by(self.value) else "MISSED"


THROUGHPUT = Target(bound=6000, at_least=True)
THROUGHPUT_OF_A_SERVER = Target(bound=5000, at_least=True)
AS_BEFORE = Target(bound=1.2, at_least=False)
BESIDE = Target(bound=0.9, at_least=True)
PAGE = Target(bound=100, at_least=False)
MEMORY = Target(bound=250, at_least=False)
RATIO = Target(bound=0.35, at_least=True)
CPU = Target(bound=220, at_least=False)
LATENCY_P50 = Target(bound=10, at_least=False)
LATENCY_P99 = Target(bound=50, at_least=False)


def spell(value: float) -> str:
    """Spell a figure with as many digits as mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}".rstrip("0").rstrip(".")
