"""Waiting for facts that have no event of their own, without guessing how long they take."""

import asyncio
import time
from collections.abc import Callable

_DEADLINE_S = 30.0
_EVERY_S = 0.005


async def until(fact: Callable[[], bool], *, within: float = _DEADLINE_S) -> None:
    """Wait until ``fact`` holds, asking every few milliseconds; fails after ``within`` seconds."""
    ends = time.monotonic() + within
    while not fact():
        assert time.monotonic() < ends, f"not true within {within} s: {fact}"
        await asyncio.sleep(_EVERY_S)
