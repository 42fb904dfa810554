"""Waiting for an event, for so long at most."""

import asyncio


async def within(seconds: float, event: asyncio.Event) -> None:
    """Return when ``event`` is set, or after ``seconds``."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
