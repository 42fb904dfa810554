"""What commands print."""

import io
import json

import pytest
from msgspec import Struct
from rich.console import Console

from tidings.cli import printing
from tidings.core.model import State


class Thing(Struct):
    name: str
    state: State
    hosts: tuple[str, ...]
    made_at: int
    ended_at: int | None


THING = Thing("x", State.PENDING, ("a", "b"), 1_700_000_000_000_001, None)


def test_a_record_is_what_json_shows() -> None:
    assert printing.record(THING) == {
        "name": "x",
        "state": "pending",
        "hosts": ["a", "b"],
        "made_at": "2023-11-14T22:13:20.000001Z",
        "ended_at": None,
    }


def test_a_program_gets_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    printing.show({"name": "naïve\n"}, "for people", as_json=True)

    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert json.loads(out) == {"name": "naïve\n"}


def test_people_get_every_column_uncut_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    printing.show({}, printing.table([{"url": "h" * 150}], ("url",), empty=""), as_json=False)

    assert "h" * 150 in capsys.readouterr().out


def test_no_value_repaints_the_terminal() -> None:
    hostile = "\x1b[2J\x9b31m\u202ered[bold]\r\n"

    shown = str(printing.plain(hostile))

    assert shown == r"\x1b[2J\x9b31m\u202ered[bold]\r\n"


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "-"), (True, "yes"), (False, "no"), ([], "-"), (["a", 1], "a, 1"), (7, "7"), ("é", "é")]
)
def test_values_are_spelt_for_people(value: object, shown: str) -> None:
    assert str(printing.plain(value)) == shown


def test_nothing_to_list_is_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    printing.show({}, printing.table([], ("id",), empty="There is nothing."), as_json=False)

    assert capsys.readouterr().out == "There is nothing.\n"


def on_a_terminal(width: int) -> str:
    paper = io.StringIO()
    records = [{"id": "dlv_1" * 4, "url": "h" * 20}] * 2
    terminal = Console(force_terminal=True, no_color=True, width=width, file=paper)
    terminal.print(printing.table(records, ("id", "url"), empty=""))
    return paper.getvalue()


def test_a_table_has_a_line_for_each_record_where_it_fits() -> None:
    assert len(on_a_terminal(80).splitlines()) == 3


def test_on_a_narrow_terminal_each_field_has_a_line_and_nothing_is_cut() -> None:
    shown = on_a_terminal(30)

    assert len(shown.splitlines()) == 5
    assert shown.count("h" * 20) == 2
