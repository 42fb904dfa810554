"""Trouble that is nobody's crash: receivers of every bad kind, clocks that jump, publishers with the same keys."""

import asyncio

from chaos.rig import Rig
from chaos.services import switch
from chaos.size import Size

HOUR_S = 3600


async def steady(rig: Rig, size: Size) -> None:
    """Publish; the trouble is in the layout."""
    await rig.publish()
    await asyncio.sleep(size.seconds)
    rig.faults = await rig.received()


async def clock_moved(rig: Rig, size: Size) -> None:
    """Move the first process's clock an hour on, and back; then an hour back, and on."""
    await rig.publish()
    for turn in range(size.rounds * 2):
        process = await rig.restart(0, "--clock", str(HOUR_S if turn % 2 == 0 else -HOUR_S))
        await rig.until_more_acknowledged(size.step)
        switch(process)
        rig.fault()
        await rig.until_more_acknowledged(size.step)
        switch(process)
        await rig.until_more_acknowledged(size.step)


async def same_keys(rig: Rig, size: Size) -> None:
    """Publish every batch fifty times at once, until enough of them are acknowledged."""
    await rig.publish()
    await rig.until_more_acknowledged(min(size.step * size.rounds, 4000), within=300)
    rig.faults = await rig.acknowledged() * rig.layout.load.twins
