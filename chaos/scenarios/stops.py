"""Processes that stand still, and processes that are replaced under load."""

import asyncio
import signal

from chaos.layout import LEASE_S
from chaos.rig import Rig, now
from chaos.size import Size


async def stopped_for_two_leases(rig: Rig, size: Size) -> None:
    """SIGSTOP, two leases long, then CONT: what wakes up must not overwrite what happened meanwhile."""
    await rig.publish()
    for turn in range(size.rounds):
        await rig.until_more_acknowledged(size.step)
        victim = rig.services[turn % len(rig.services)]
        victim.send(signal.SIGSTOP)
        rig.fault()
        await rig.note_cut(now())
        await asyncio.sleep(2 * LEASE_S)
        victim.send(signal.SIGCONT)
    await rig.until_more_acknowledged(size.step)


async def stopped_until_another_took_over(rig: Rig, size: Size) -> None:
    """SIGSTOP until another process has sent what the stopped one held, and is waiting for the answer; then CONT."""
    await rig.publish()
    await rig.until_more_acknowledged(min(size.step, 100))
    victim = rig.services[0]
    victim.send(signal.SIGSTOP)
    rig.fault()
    await rig.note_cut(now())
    await rig.until_repeated(1)
    victim.send(signal.SIGCONT)
    await rig.until_more_acknowledged(min(size.step, 100))


async def replaced_one_by_one(rig: Rig, size: Size) -> None:
    """SIGTERM and start anew, each process in turn: nothing is cut off, so nothing may be doubled (G12)."""
    await rig.publish()
    for _ in range(size.rounds):
        for index in range(len(rig.ports)):
            await rig.until_more_acknowledged(size.step)
            await rig.restart(index)
            rig.fault()
    await rig.until_more_acknowledged(size.step)
