"""What commands print: one JSON document for programs, or a table or card for people.

Owns the shape of both. Text that a partner or a receiver chose is shown without its control characters, so that it
cannot repaint the operator's terminal.
"""

import io
import re
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, TypeAlias

import msgspec
import typer
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from tidings.cli.stdout import NotPrinted
from tidings.core.instants import rfc3339_micros

AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
Record: TypeAlias = dict[str, Any]

_UNBOUNDED = 10_000
"""Columns of a file or a pipe, where a line is as long as what it says: nothing is cut or folded."""
_NOT_PLAIN_ASCII = re.compile(r"[^\x20-\x7e]")


def record(value: msgspec.Struct) -> Record:
    """Return the fields as JSON shows them; those whose names end in ``_at`` are moments."""
    return {field: _shown(field, getattr(value, field)) for field in value.__struct_fields__}


def show(document: Record, people: RenderableType, *, as_json: bool) -> None:
    """Print the document for a program, or the other thing for people."""
    if as_json:
        typer.echo(to_json(document))
    elif sys.stdout.isatty():
        Console().print(people, crop=False)
    else:
        typer.echo(_in_lines(people))


def show_once(document: Record, people: RenderableType, *, what: str, instead: str, as_json: bool) -> None:
    """Print what cannot be shown again; when nobody could read it, say so and what to do ``instead``."""
    try:
        show(document, stack(people, f"The {what} cannot be shown again."), as_json=as_json)
    except NotPrinted as error:
        raise NotPrinted(error.reason, therefore=f"the {what} was not shown: {instead}") from error


def to_json(document: Record) -> str:
    """Return the one line that ``--json`` prints. What is JSON already (``msgspec.Raw``) keeps its spelling."""
    return msgspec.json.format(msgspec.json.encode(document), indent=0).decode()


def table(records: Sequence[Mapping[str, Any]], columns: Sequence[str], *, empty: str) -> RenderableType:
    """Return one line for each record, or ``empty`` when there is none."""
    if not records:
        return plain(empty)
    return _Fitting(records, columns)


class _Fitting:
    """A table, or on a terminal that is too narrow for it one card for each record."""

    def __init__(self, records: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
        self._records = records
        self._columns = columns

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        drawn = self._table()
        needed = Measurement.get(console, options.update(width=_UNBOUNDED), drawn).maximum
        if console.is_terminal and needed > options.max_width:
            yield stack(*(card({column: each[column] for column in self._columns}) for each in self._records))
        else:
            yield drawn

    def _table(self) -> Table:
        drawn = Table(box=None, pad_edge=False)
        for column in self._columns:
            drawn.add_column(column.replace("_", " "), overflow="fold")
        for each in self._records:
            drawn.add_row(*(plain(each[column]) for column in self._columns))
        return drawn


def card(fields: Mapping[str, Any]) -> RenderableType:
    """Return one line for each field."""
    drawn = Table(box=None, pad_edge=False, show_header=False)
    drawn.add_column(style="bold", no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in fields.items():
        drawn.add_row(name.replace("_", " "), plain(value))
    return drawn


def stack(*parts: RenderableType) -> RenderableType:
    """Return the parts below one another, with an empty line between."""
    spaced: list[RenderableType] = []
    for part in parts:
        spaced += ["", part] if spaced else [part]
    return Group(*spaced)


def more(people: RenderableType, cursor: str | None) -> RenderableType:
    """Say below a page how to ask for the next one, if there may be one."""
    return people if cursor is None else stack(people, f"More: --cursor {cursor}")


def indented(text: str) -> RenderableType:
    """Return JSON as people read it: a line for each member, every value as it is spelt, no line cut or folded."""
    lines = msgspec.json.format(text, indent=2).split("\n")
    # In a group: a text by itself loses that it must not be folded.
    return Group(Text("\n".join(str(plain(line)) for line in lines), no_wrap=True, overflow="ignore"))


def plain(value: object) -> Text:
    """Return the value as text that no terminal obeys."""
    match value:
        case None:
            return Text("-")
        case bool():
            return Text("yes" if value else "no")
        case list() | tuple():
            return Text(", ".join(str(plain(item)) for item in value) or "-")
        case _:
            return Text(_NOT_PLAIN_ASCII.sub(_visible, str(value)))


def _visible(letter: re.Match[str]) -> str:
    return letter[0] if letter[0].isprintable() else letter[0].encode("unicode_escape").decode("ascii")


def _shown(name: str, field: object) -> object:
    match field:
        case Enum():
            return field.value
        case int() if name.endswith("_at"):
            return rfc3339_micros(field)
        case tuple():
            return list(field)
        case _:
            return field


def _in_lines(people: RenderableType) -> str:
    paper = io.StringIO()
    Console(file=paper, width=_UNBOUNDED).print(people, crop=False)
    return "\n".join(line.rstrip() for line in paper.getvalue().rstrip("\n").split("\n"))
