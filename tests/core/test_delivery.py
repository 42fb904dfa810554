"""The state machine of a delivery."""

from pathlib import Path

import pytest

from tidings.core.delivery import (
    ENDED,
    LEASES_LOST_AT_MOST,
    MEANINGS,
    TRANSITIONS,
    Move,
    is_suspect,
    move_after,
    move_after_lost_lease,
)
from tidings.core.model import State
from tidings.core.verdict import Delivered, Failed, RetryAt, Verdict

DIAGRAM = Path(__file__).parents[2] / "docs" / "state-machine.md"


def test_every_move_is_in_the_table_and_explained() -> None:
    assert set(TRANSITIONS) == set(MEANINGS) == set(Move)


def test_nothing_leaves_an_end_and_everything_else_does() -> None:
    left = {before for before, _ in TRANSITIONS.values()}
    assert left == {None, *State} - ENDED


def test_every_state_can_be_reached() -> None:
    assert {after for _, after in TRANSITIONS.values()} == set(State)


def test_the_diagram_and_its_table_are_those_of_the_code() -> None:
    lines = DIAGRAM.read_text().splitlines()
    arrows = [
        f"    {'[*]' if before is None else before} --> {after}: {move}"
        for move, (before, after) in TRANSITIONS.items()
    ]
    ends = [f"    {state} --> [*]" for state in State if state in ENDED]
    assert [line for line in lines if "-->" in line] == arrows + ends
    rows = [
        f"| `{move}` | {'-' if before is None else f'`{before}`'} | `{after}` | {MEANINGS[move]} |"
        for move, (before, after) in TRANSITIONS.items()
    ]
    assert [line for line in lines if line.startswith("| `")] == rows


@pytest.mark.parametrize(
    ("verdict", "wanted", "move"),
    [
        (Delivered(), True, Move.SUCCEEDED),
        (Delivered(), False, Move.SUCCEEDED),
        (RetryAt(5), True, Move.PUT_OFF),
        (RetryAt(5), False, Move.CUT_OFF),
        (Failed(), True, Move.GAVE_UP),
        (Failed(), False, Move.CUT_OFF),
    ],
)
def test_a_judged_attempt_moves_its_delivery(verdict: Verdict, wanted: bool, move: Move) -> None:  # noqa: FBT001
    assert move_after(verdict, wanted=wanted) is move
    assert TRANSITIONS[move][0] is State.IN_FLIGHT


def test_a_lost_lease_is_tried_again_while_there_is_reason_to() -> None:
    last = LEASES_LOST_AT_MOST - 1
    assert move_after_lost_lease(leases_lost=0, window_open=True, wanted=True) is Move.LEASE_LOST
    assert move_after_lost_lease(leases_lost=last - 1, window_open=True, wanted=True) is Move.LEASE_LOST
    assert move_after_lost_lease(leases_lost=last, window_open=True, wanted=True) is Move.GAVE_UP
    assert move_after_lost_lease(leases_lost=0, window_open=False, wanted=True) is Move.GAVE_UP
    assert move_after_lost_lease(leases_lost=last, window_open=False, wanted=False) is Move.CUT_OFF


@pytest.mark.parametrize(
    ("outcomes", "suspect"),
    [
        ([], False),
        (["lease_lost"], False),
        (["lease_lost", "lease_lost"], True),
        (["lease_lost", "timeout", "lease_lost"], True),
        (["lease_lost", "lease_lost", "timeout"], False),
        (["lease_lost", "lease_lost", None], False),
    ],
)
def test_what_was_cut_off_again_and_again_is_suspect_until_an_attempt_ends(
    outcomes: list[str | None],
    suspect: bool,  # noqa: FBT001
) -> None:
    assert is_suspect(outcomes) is suspect
