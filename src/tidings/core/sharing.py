"""How processes share a lane's limit without talking to each other.

Owns the division. Refuses to favour a process: who gets what is left over differs from lane to lane.
"""

import hashlib
from collections.abc import Sequence


def share(limit: int, *, lane: str, process: str, processes: Sequence[str]) -> int:
    """Return the part of ``limit`` that ``process`` may use; every process that sees the same list agrees.

    The parts add up to ``limit``. A process that is not listed has none.
    """
    if process not in processes:
        return 0
    each, rest = divmod(limit, len(processes))
    order = sorted(processes, key=lambda name: hashlib.sha256(f"{lane}\x1f{name}".encode()).digest())
    return each + (order.index(process) < rest)
