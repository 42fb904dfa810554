"""Tables of what was measured: on the terminal, and in docs/benchmarks.md between two marks."""

from collections.abc import Sequence
from itertools import chain

from rich.console import Console
from rich.table import Table

from bench.children import ROOT
from bench.figures import Figure, spell
from bench.machine import Machine

DOCUMENT = ROOT / "docs" / "benchmarks.md"
BEGIN = "<!-- begin: written by script/bench --write -->"
END = "<!-- end: written by script/bench --write -->"

_HEADINGS = ("figure", "measured", "target", "", "rounds")
_INTRODUCTION = f"""# Benchmarks

`script/bench` measures the running program from outside: a publisher, the service and an HTTPS receiver are processes
of their own on one machine, and share its cores. Every event carries a number. After each round the receiver must
have seen every number exactly once, and the database must show every delivery as `delivered`; otherwise there is no
figure. Logging is on, and every commit is flushed.

- **deliveries**: published over HTTP in batches of 100, delivered over HTTPS, recorded.
- **bare loop**: sign and POST to the same receiver with the same client, and nothing else; what the machine allows.
- **latency**: from just before a single event is published until the receiver has read it.

{BEGIN}
{END}
"""


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


def _section(figures: Sequence[Figure], machine: Machine) -> str:
    rows = (_HEADINGS, ("---",) * len(_HEADINGS), *map(_row, figures))
    table = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join(chain((BEGIN, ""), (f"- {line}" for line in machine.lines()), ("",), table, ("", END)))


def write(figures: Sequence[Figure], machine: Machine) -> None:
    """Replace the generated part of the document; what people wrote around it stays."""
    text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else _INTRODUCTION
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin, f"{DOCUMENT} has lost its marks"
    assert end, f"{DOCUMENT} has lost its marks"
    DOCUMENT.write_text(before + _section(figures, machine) + after, encoding="utf-8")
