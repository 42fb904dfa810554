"""Tables of what was measured: on the terminal, and in docs/benchmarks.md.

Owns the sections of the document, each between two marks of its own, so that one measurement leaves the others alone.
"""

from collections.abc import Sequence
from itertools import chain

from rich.console import Console
from rich.table import Table

from bench.children import ROOT
from bench.figures import Figure, spell
from bench.machine import Machine

DOCUMENT = ROOT / "docs" / "benchmarks.md"

_HEADINGS = ("figure", "measured", "target", "", "rounds")


def _row(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        f"{spell(figure.value)} {figure.unit}".rstrip(),
        "" if figure.target is None else f"{figure.target.wording()} {figure.unit}".rstrip(),
        figure.verdict(),
        " · ".join(spell(value) for value in figure.rounds),
    )


def show(console: Console, figures: Sequence[Figure], machine: Machine) -> None:
    table = Table(*_HEADINGS)
    for figure in figures:
        table.add_row(*_row(figure))
    console.print(*machine.lines(), sep="\n", highlight=False)
    console.print(table)


def write(section: str, figures: Sequence[Figure], machine: Machine) -> None:
    """Put the figures into their section of the document, a new one at its end; all else there stays."""
    begin, end = (f"<!-- {edge}: {section}, written by script/bench --write -->" for edge in ("begin", "end"))
    text = DOCUMENT.read_text(encoding="utf-8")
    if begin not in text:
        text = f"{text.rstrip()}\n\n{begin}\n{end}\n"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    assert found, f"{DOCUMENT} has lost the mark {end}"
    DOCUMENT.write_text(f"{before}{begin}\n\n{_section(section, figures, machine)}\n{end}{after}", encoding="utf-8")


def _section(title: str, figures: Sequence[Figure], machine: Machine) -> str:
    rows = (_HEADINGS, ("---",) * len(_HEADINGS), *map(_row, figures))
    table = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join(
        chain((f"### {title.capitalize()}", ""), (f"- {line}" for line in machine.lines()), ("",), table, ("",))
    )
