"""kill -9: at named moments, on the n-th request that the receiver read, at random, in the rescuer, in migrations."""

import asyncio
import random
from collections.abc import Sequence

from chaos.checks import SET_ASIDE_AFTER
from chaos.layout import SETTINGS, Kind
from chaos.rig import Impatient, Rig, now
from chaos.services import FaultyInstallation, arm, until_killed
from chaos.setting_up import unmigrated
from chaos.size import Size
from chaos.traffic import marker_of
from tidings.checkpoints import Checkpoint
from tidings.engine.pruning import MOST_AT_ONCE

VICTIM = 0
OF_THE_SERVICE = (
    Checkpoint.PARSED,
    Checkpoint.BEFORE_PUBLISH_COMMIT,
    Checkpoint.PUBLISHED,
    Checkpoint.ANSWERED,
    Checkpoint.LEASED,
    Checkpoint.BEFORE_CONNECT,
    Checkpoint.ANSWER_READ,
    Checkpoint.BEFORE_RECORD_COMMIT,
    Checkpoint.RECORDED,
)
"""What events under load pass by themselves. Each of the others has a scenario or a test of its own."""
_KILLED = -9
_FLEET_PERIOD_S = 5.0
_POISON = 100
_PAST_ROWS = 6_000


async def at_checkpoints(rig: Rig, size: Size, points: Sequence[Checkpoint]) -> None:
    """Kill the first process at each point for the first, second, … time, counted from a moment under load."""
    await rig.publish()
    await rig.stop(VICTIM)
    for nth in size.nths:
        for point in points:
            victim = await rig.start(VICTIM, "--kill", f"{point}:{nth}")
            await rig.until_more_acknowledged(size.step)
            arm(victim)
            await until_killed(victim)
            await _note(rig)
    await rig.start(VICTIM)


async def on_requests(rig: Rig, size: Size) -> None:
    """Have the receiver kill the first process when it has read its n-th request."""
    await rig.publish()
    for nth in size.nths:
        await rig.until_more_acknowledged(size.step)
        await rig.order_receiver("kill", str(rig.services[VICTIM].pid), str(nth))
        await until_killed(rig.services[VICTIM])
        await _note(rig)
        await rig.start(VICTIM)


async def by_one_payload(rig: Rig, size: Size) -> None:
    """Have the receiver kill the process on every request for one event, until that is set aside."""
    marker = marker_of(_POISON)
    rig.poison.append(marker)
    await rig.order_receiver("poison", marker, str(rig.services[VICTIM].pid))
    await rig.publish()
    for _ in range(SET_ASIDE_AFTER):
        await until_killed(rig.services[VICTIM])
        await _note(rig)
        # Told before the process is ready to send anything.
        successor = await rig.launch(VICTIM)
        await rig.order_receiver("poison", marker, str(successor.pid))
        await successor.until_ready()
    await rig.until_more_acknowledged(size.step)


async def at_random(rig: Rig, size: Size) -> None:
    """Kill a random process at a random moment."""
    await rig.publish()
    for _ in range(size.rounds):
        await rig.until_more_acknowledged(random.randint(1, 2 * size.step))
        await _kill_and_start(rig, random.randrange(len(rig.ports)))


async def in_the_rescuer(rig: Rig, size: Size) -> None:
    """Leave attempts in flight behind, and kill every successor while it rescues them, again and again."""
    await rig.publish()
    await rig.until_more_acknowledged(size.step)
    await rig.services[VICTIM].kill()
    await _note(rig)
    for _ in size.nths:
        victim = await rig.launch(VICTIM, "--kill", f"{Checkpoint.BEFORE_RESCUE_COMMIT}:1", "--armed")
        await until_killed(victim)
        await _note(rig)
    await rig.start(VICTIM)
    await rig.until_more_acknowledged(size.step)


async def in_the_pruner(rig: Rig, size: Size) -> None:
    """Give the service a past that is older than is kept, and kill it again and again while it removes that.

    First at the first commit of each life: on PostgreSQL, which has no old keys yet, that drops a partition. Then at
    the n-th, among old keys.
    """
    await rig.stop(VICTIM)
    await rig.give_a_past(_PAST_ROWS)
    await rig.publish()
    for _ in size.nths:
        await _killed_while_pruning(rig, 1)
    await rig.start(VICTIM)
    await rig.until_more_acknowledged(size.step)
    await rig.services[VICTIM].kill()
    await _note(rig)
    for nth in size.nths:
        await rig.give_old_keys(MOST_AT_ONCE * (nth + 1))
        await _killed_while_pruning(rig, nth)
    await rig.start(VICTIM)
    await rig.until_more_acknowledged(size.step)
    await rig.until_the_past_is_gone()


async def _killed_while_pruning(rig: Rig, nth: int) -> None:
    victim = await rig.launch(VICTIM, "--kill", f"{Checkpoint.BEFORE_PRUNE_COMMIT}:{nth}", "--armed")
    await until_killed(victim)
    await _note(rig)


async def one_of_many(rig: Rig, size: Size) -> None:
    """Kill one of the processes every five seconds."""
    await rig.publish()
    for turn in range(max(1, round(size.fleet_seconds / _FLEET_PERIOD_S))):
        await asyncio.sleep(_FLEET_PERIOD_S)
        await _kill_and_start(rig, turn % len(rig.ports))


async def in_each_migration(kind: Kind, size: Size) -> int:
    """Kill ``migrate`` again and again in each migration on the way from an empty database; return how often.

    Raises Impatient.
    """
    async with unmigrated(kind, SETTINGS) as installation:
        await _killed_while_migrating(installation)
        kills = 1
        while True:
            for _ in size.nths[1:]:
                await _killed_while_migrating(installation)
                kills += 1
            # One migration further than before: this kill, if there is one, is the first in the next one.
            survived = await _trapped_in_migration(installation, nth=2).run("migrate")
            if survived.status == 0:
                break
            if survived.status != _KILLED:
                raise Impatient(f"migrate ended with status {survived.status}: {survived.stderr}")
            kills += 1
        checked = await installation.run("check")
    if checked.status != 0:
        raise Impatient(f"check ended with status {checked.status}: {checked.stdout}{checked.stderr}")
    return kills


async def _killed_while_migrating(installation: FaultyInstallation) -> None:
    killed = await _trapped_in_migration(installation, nth=1).run("migrate")
    if killed.status != _KILLED:
        raise Impatient(f"migrate ended with status {killed.status}: {killed.stderr}")


def _trapped_in_migration(installation: FaultyInstallation, *, nth: int) -> FaultyInstallation:
    return installation.having("--kill", f"{Checkpoint.BEFORE_MIGRATION_COMMIT}:{nth}", "--armed")


async def _kill_and_start(rig: Rig, index: int) -> None:
    await rig.services[index].kill()
    await _note(rig)
    await rig.start(index)


async def _note(rig: Rig) -> None:
    rig.fault()
    await rig.note_cut(now())
