"""What the pruner did, as facts. They belong to ``telemetry.facts``, and are apart for their number alone."""

from msgspec import Struct


class RowsPruned(Struct, frozen=True):
    """Rows of a table were older than is kept and were removed."""

    table: str
    count: int


class PartitionsMade(Struct, frozen=True):
    """Partitions were made for what will be written."""

    names: list[str]


class PartitionDropped(Struct, frozen=True):
    """A whole partition was older than is kept, and nothing in it was needed any more."""

    name: str


class PruningPutOff(Struct, frozen=True):
    """What is too old could not be removed just now; the next round tries again."""

    reason: str
