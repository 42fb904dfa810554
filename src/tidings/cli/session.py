"""One command, one session with the database.

Owns how a command gets the context that actions need, in the hands of whoever runs it, and gives it back.
"""

import asyncio
import os
import pwd
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tidings import app, settings
from tidings.actions.context import Context
from tidings.core.audit import Actor, ActorKind

T = TypeVar("T")


def ask(work: Callable[[Context], Awaitable[T]]) -> T:
    """Open the installation that the settings describe, do ``work``, close it, and return what ``work`` returned."""

    async def session() -> T:
        async with app.context(configuration) as context:
            return await work(context.acting(whoever_runs_this()))

    configuration = settings.load()
    return asyncio.run(session())


def whoever_runs_this() -> Actor:
    """Return the user of this machine that the process runs as. The environment is not asked: anybody may set it."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
