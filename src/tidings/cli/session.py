"""One command, one session with the database.

Owns how a command gets the context that actions need, and gives it back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tidings import app, settings
from tidings.actions.context import Context

T = TypeVar("T")


def ask(work: Callable[[Context], Awaitable[T]]) -> T:
    """Open the installation that the settings describe, do ``work``, close it, and return what ``work`` returned."""

    async def session() -> T:
        async with app.context(configuration) as context:
            return await work(context)

    configuration = settings.load()
    return asyncio.run(session())
