"""What commands print."""

import io
import json

import msgspec
import pytest
from msgspec import Struct
from rich.console import Console, RenderableType

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
    records = [{"id": "dlv_1", "url": "h" * 2_048}, {"id": "dlv_2", "url": "short"}]

    printing.show({}, printing.table(records, ("id", "url"), empty=""), as_json=False)

    assert capsys.readouterr().out == f"id     url\ndlv_1  {'h' * 2_048}\ndlv_2  short\n"


def test_json_is_shown_by_lines_with_every_value_as_it_is_spelt(capsys: pytest.CaptureFixture[str]) -> None:
    text = '{"n":1.10,"big":123456789012345678901234567890,"e":1E+2,"long":"%s","\x7f\u2028":[]}' % ("x" * 20_000)

    printing.show({}, printing.indented(text), as_json=False)

    assert capsys.readouterr().out.splitlines() == [
        "{",
        '  "n": 1.10,',
        '  "big": 123456789012345678901234567890,',
        '  "e": 1E+2,',
        f'  "long": "{"x" * 20_000}",',
        r'  "\x7f\u2028": []',
        "}",
    ]


def test_json_is_not_folded_on_a_terminal_either() -> None:
    assert f'  "long": "{"x" * 200}"' in drawn(printing.indented('{"long":"%s"}' % ("x" * 200)), width=30)


def test_a_document_keeps_the_spelling_of_what_is_json_already() -> None:
    document = {"payload": msgspec.Raw(b'{"n":1.10,"e":1E+2}'), "state": State.PENDING}

    assert printing.to_json(document) == '{"payload": {"n": 1.10, "e": 1E+2}, "state": "pending"}'


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


def drawn(people: RenderableType, *, width: int) -> str:
    """Return what a terminal of that width is given."""
    paper = io.StringIO()
    Console(force_terminal=True, no_color=True, width=width, file=paper).print(people, crop=False)
    return paper.getvalue()


def on_a_terminal(width: int) -> str:
    records = [{"id": "dlv_1" * 4, "url": "h" * 20}] * 2
    return drawn(printing.table(records, ("id", "url"), empty=""), width=width)


def test_a_table_has_a_line_for_each_record_where_it_fits() -> None:
    assert len(on_a_terminal(80).splitlines()) == 3


def test_on_a_narrow_terminal_each_field_has_a_line_and_nothing_is_cut() -> None:
    shown = on_a_terminal(30)

    assert len(shown.splitlines()) == 5
    assert shown.count("h" * 20) == 2
