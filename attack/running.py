"""From rows to results.

Owns the order: one stage for all of them, one row after the other. A row that breaks is a failure too, and so is one
that tried nothing.
"""

import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import stage
from support.marked_secrets import RUN


class Result(Struct, frozen=True, kw_only=True):
    """What came of a row. ``broke`` says why it could not be played to its end."""

    name: str
    section: Section
    attack: str
    expected: str
    seconds: float
    tried: int = 0
    wrong: int = 0
    examples: list[str] = []
    seen: dict[str, int] = {}
    notes: list[str] = []
    broke: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.wrong or self.broke or not self.tried)


async def run(
    rows: Sequence[Row], size: Size, *, folder: Path, bug: str | None, tell: Callable[[Result], None]
) -> list[Result]:
    """Play every row."""
    results = []
    async with stage(folder, bug=bug) as set_up:
        for row in rows:
            began, tally, broke = time.monotonic(), Tally(), ""
            try:
                tally = await row.play(set_up, size)
            except Exception as error:  # noqa: BLE001 - the other rows are played all the same
                broke = f"{type(error).__name__}: {str(error)[:600]} {traceback.format_exc(limit=-4)[-1200:]}"
            _hold_secrets(tally)
            results.append(_result(row, tally, broke, time.monotonic() - began))
            tell(results[-1])
    # What the rows shared is looked into when it ends.
    assert not RUN.found, f"secrets where none may be: {RUN.found[:10]}"
    return results


def _hold_secrets(tally: Tally) -> None:
    """What a row's own services left behind is the row's: a secret in it is a wrong result, whatever was tried."""
    for place in RUN.found:
        tally.hold(False, f"a secret where none may be: {place}")  # noqa: FBT003 - as assert
    RUN.found.clear()


def _result(row: Row, tally: Tally, broke: str, seconds: float) -> Result:
    return Result(
        name=row.name,
        section=row.section,
        attack=row.attack,
        expected=row.expected,
        seconds=round(seconds, 1),
        tried=tally.tried,
        wrong=len(tally.wrong),
        examples=tally.examples,
        seen=tally.seen,
        notes=tally.notes,
        broke=broke,
    )
