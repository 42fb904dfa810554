"""Metrics as they are made: one registry, and the list of what is on it.

Owns the registry and what ``docs/metrics.md`` says of each metric. Refuses a metric without a sentence, and a name that
does not begin with ``tidings_``.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

PREFIX = "tidings_"
_NAMESPACE = "tidings"


class Described(Struct, frozen=True):
    """One metric: its name as a query spells it, what kind it is, what it says, and its labels."""

    name: str
    kind: str
    says: str
    labels: tuple[str, ...] = ()

    def series(self) -> tuple[str, ...]:
        """Return the names under which it can be asked for."""
        parts = ("_bucket", "_sum", "_count") if self.kind == "histogram" else ("",)
        return tuple(self.name + part for part in parts)


class Shelf:
    """Makes metrics and remembers them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(namespace=_NAMESPACE, registry=self._registry)
        self._made: list[Described] = list(self._of_the_process())

    def counter(self, name: str, says: str, *labels: str) -> Counter:
        """Make a counter; ``_total`` is added to its name."""
        self._remember(f"{name}_total", "counter", says, labels)
        return Counter(name, says, labels, registry=self._registry)

    def gauge(self, name: str, says: str, *labels: str) -> Gauge:
        self._remember(name, "gauge", says, labels)
        return Gauge(name, says, labels, registry=self._registry)

    def histogram(self, name: str, says: str, *labels: str, buckets: Sequence[float]) -> Histogram:
        self._remember(name, "histogram", says, labels)
        return Histogram(name, says, labels, buckets=buckets, registry=self._registry)

    def described(self) -> list[Described]:
        """Return everything that is made, by name."""
        return sorted(self._made, key=lambda one: one.name)

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def _remember(self, name: str, kind: str, says: str, labels: tuple[str, ...]) -> None:
        if not name.startswith(PREFIX):
            raise ValueError(f"{name} does not begin with {PREFIX}")
        self._made.append(Described(name, kind, says, labels))

    def _of_the_process(self) -> Iterator[Described]:
        for family in self._registry.collect():
            name = f"{family.name}_total" if family.type == "counter" else family.name
            yield Described(name, family.type, family.documentation)
