"""How much of everything: a short run for the tests, a long one for docs/reliability.md.

Owns the numbers. Every run is bounded and stops by itself.
"""

from msgspec import Struct, structs


class Size(Struct, frozen=True, kw_only=True):
    """The numbers of one run.

    ``nths``: at which passing of its checkpoint a process is killed, one life each. ``step``: events acknowledged
    between two faults. ``rounds``: how often other faults are thrown. ``seconds``: how long a steady fault lasts;
    ``fleet_seconds``: how long one of many processes is killed again and again.
    ``pace``: how many times the events per second of a short run.
    """

    nths: tuple[int, ...]
    step: int
    rounds: int
    seconds: float
    fleet_seconds: float
    pace: int = 1


SHORT = Size(nths=(3,), step=60, rounds=1, seconds=2, fleet_seconds=5)
# A bug shows only where a kill falls between two steps in the wrong order; one kill in many does not.
WITH_BUG = structs.replace(SHORT, nths=(1, 2, 3, 4, 5, 6))


def long(times: int) -> Size:
    """Return the numbers of a long run in which each checkpoint kills so many times.

    However few they are, at least 12,000 events are acknowledged around them: over 100,000 over all checkpoints.
    """
    rounds = max(1, times // 2)
    step = max(600, 12_000 // times)
    return Size(nths=tuple(range(1, times + 1)), step=step, rounds=rounds, seconds=5, fleet_seconds=120, pace=3)
