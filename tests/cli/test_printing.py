"""What commands print."""

import json

import pytest
from msgspec import Struct

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
