"""One scenario from set-up to findings.

Owns the order: play, let everything end, check. A scenario that cannot be played is a failure too.
"""

import time

from msgspec import Struct, structs

from chaos.children import ChildFailed
from chaos.findings import Findings
from chaos.layout import Kind
from chaos.plan import Scenario
from chaos.rig import Impatient
from chaos.scenarios import kills
from chaos.services import NotKilled
from chaos.setting_up import rig
from chaos.size import Size
from support.service import ServiceFailed

MIGRATIONS = "migrations"


class Result(Struct, frozen=True, kw_only=True):
    """What came of a scenario. ``broke`` says why it could not be played to its end."""

    name: str
    fault: str
    kind: Kind
    guarantees: tuple[str, ...]
    seconds: float
    faults: int = 0
    findings: Findings | None = None
    broke: str = ""

    @property
    def failures(self) -> list[str]:
        wrong = [] if self.findings is None else self.findings.failures
        return [*wrong, *(["broke"] if self.broke else [])]


async def run(scenario: Scenario, kind: Kind, size: Size, *, bug: str | None = None) -> Result:
    """Play a scenario on a database of its own."""
    began = time.monotonic()
    layout = structs.replace(scenario.layout, bug=bug, load=scenario.layout.load.at_pace(size.pace))
    findings, broke = None, ""
    try:
        async with rig(layout, kind) as made:
            await scenario.play(made, size)
            await made.finish()
            findings = await made.check()
    except (Impatient, NotKilled, ServiceFailed, ChildFailed, TimeoutError, RuntimeError) as error:
        broke = f"{type(error).__name__}: {error}"
    return Result(
        name=scenario.name,
        fault=scenario.fault,
        kind=kind,
        guarantees=scenario.guarantees,
        seconds=round(time.monotonic() - began, 1),
        faults=0 if findings is None else findings.faults,
        findings=findings,
        broke=broke,
    )


async def migrations(kind: Kind, size: Size) -> Result:
    """Kill ``migrate`` in each migration, as often as each checkpoint kills."""
    began = time.monotonic()
    killed, broke = 0, ""
    try:
        killed = await kills.in_each_migration(kind, size)
    except (Impatient, ServiceFailed) as error:
        broke = f"{type(error).__name__}: {error}"
    return Result(
        name=MIGRATIONS,
        fault="kill -9 in each migration",
        kind=kind,
        guarantees=("G1",),
        seconds=round(time.monotonic() - began, 1),
        faults=killed,
        broke=broke,
    )
