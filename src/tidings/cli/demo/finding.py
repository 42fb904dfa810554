"""What the demo found: one line of its table each."""

from collections.abc import Sequence

from msgspec import Struct
from rich.console import RenderableType
from rich.table import Table

from tidings.cli.printing import plain
from tidings.core.catalogue import EVENT_TYPES

_LONGEST_TYPE = max(len(event_type) for event_type in EVENT_TYPES)


class Finding(Struct, frozen=True):
    """``proof`` says what was seen, and ``held`` whether that is what should be seen."""

    what: str
    result: str
    attempts: int
    held: bool
    proof: str


def as_table(findings: Sequence[Finding]) -> RenderableType:
    """Return one line for each finding."""
    drawn = Table(box=None, pad_edge=False)
    drawn.add_column("what", min_width=_LONGEST_TYPE, overflow="fold")
    drawn.add_column("result")
    drawn.add_column("attempts", justify="right")
    drawn.add_column("held")
    drawn.add_column("seen", overflow="fold")
    for finding in findings:
        held = "[green]yes[/green]" if finding.held else "[bold red]NO[/bold red]"
        drawn.add_row(plain(finding.what), plain(finding.result), str(finding.attempts), held, plain(finding.proof))
    return drawn
