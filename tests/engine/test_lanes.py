"""Who may have how many attempts in flight."""

import pytest

from tidings.engine.lanes import Lanes, Room

_ENOUGH_TO_FAIL = 3


def _end(lanes: Lanes, webhook: str, *, succeeded: bool) -> None:
    """Have an attempt end, and its result be written down."""
    lanes.finish(webhook, succeeded=succeeded)
    lanes.settle()


def _failing(lanes: Lanes, *webhooks: str) -> None:
    for webhook in webhooks:
        for _ in range(_ENOUGH_TO_FAIL):
            assert lanes.take(webhook, 1) == 1
            _end(lanes, webhook, succeeded=False)


def _taken_by(lanes: Lanes, webhook: str) -> int:
    """Take as much as a lane may have at once, and return it all."""
    got = lanes.take(webhook, 1000)
    count = 0 if isinstance(got, Room) else got
    lanes.give_back(webhook, count)
    return count


def test_a_lane_gets_less_when_its_limit_is_near() -> None:
    lanes = Lanes(slots=10, lane_limit=5, first=5)
    assert lanes.take("a", 3) == 3
    assert lanes.take("a", 3) == 2
    assert lanes.take("a", 1) is Room.LANE_FULL
    assert lanes.take("b", 1) == 1
    assert lanes.free == 4


def test_a_lane_gets_what_is_left_of_the_slots() -> None:
    lanes = Lanes(slots=6, lane_limit=5, first=5)
    lanes.take("a", 5)

    assert lanes.take("b", 5) == 1
    assert lanes.take("c", 1) is Room.NO_SLOT


def test_a_slot_given_back_is_free_again() -> None:
    lanes = Lanes(slots=1, lane_limit=5, first=5)
    lanes.take("a", 1)
    lanes.give_back("a")

    assert lanes.take("b", 1) == 1


def test_a_slot_is_free_again_before_its_result_is_written_down() -> None:
    lanes = Lanes(slots=1, lane_limit=1, first=1)
    lanes.take("a", 1)
    lanes.finish("a", succeeded=True)

    assert lanes.take("a", 1) == 1


def test_results_that_wait_to_be_written_down_are_bounded() -> None:
    lanes = Lanes(slots=2, lane_limit=2, first=2)
    begun = 0
    while isinstance(lanes.take("a", 1), int):
        lanes.finish("a", succeeded=True)
        begun += 1

    assert begun == 8
    assert lanes.take("a", 1) is Room.NO_SLOT
    lanes.settle()
    assert lanes.take("a", 2) == 1


def test_nothing_is_reserved_while_hand_over_is_not_allowed() -> None:
    lanes = Lanes(slots=5, lane_limit=5, first=5)
    lanes.hand_over(allowed=False)

    assert not lanes.reserve("a")
    assert lanes.take("a", 1) == 1
    lanes.hand_over(allowed=True)
    assert lanes.reserve("a")


def test_a_lane_that_fails_three_times_shrinks_to_one_and_grows_slowly() -> None:
    lanes = Lanes(slots=100, lane_limit=4, first=4)
    _failing(lanes, "a")
    grown = [_taken_by(lanes, "a")]
    for _ in range(4):
        lanes.take("a", 1)
        _end(lanes, "a", succeeded=True)
        grown.append(_taken_by(lanes, "a"))

    assert grown == [1, 2, 3, 4, 4]


def test_failures_count_only_in_a_row() -> None:
    lanes = Lanes(slots=100, lane_limit=32, first=32)
    for succeeded in (False, False, True, False, False):
        lanes.take("a", 1)
        _end(lanes, "a", succeeded=succeeded)

    assert _taken_by(lanes, "a") == 32


def test_failing_lanes_together_leave_half_of_the_slots() -> None:
    lanes = Lanes(slots=10, lane_limit=32, first=32)
    dead = [f"dead-{number}" for number in range(9)]
    _failing(lanes, *dead)
    got = [lanes.take(webhook, 4) for webhook in dead]

    assert got == [1] * 5 + [Room.FAILING_FULL] * 4
    assert lanes.take("healthy", 32) == 5


def test_a_lane_that_recovers_is_no_longer_counted_among_the_failing() -> None:
    lanes = Lanes(slots=2, lane_limit=2, first=2)
    _failing(lanes, "a", "b")
    lanes.take("a", 1)

    assert lanes.take("b", 1) is Room.FAILING_FULL
    _end(lanes, "a", succeeded=True)
    lanes.take("a", 1)
    assert lanes.take("b", 1) == 1


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_a_failing_lane_may_try_again_however_few_slots_there_are(slots: int) -> None:
    lanes = Lanes(slots=slots, lane_limit=2, first=2)
    _failing(lanes, "a")

    assert lanes.take("a", 1) == 1


def test_a_lane_with_nothing_against_it_is_forgotten_when_idle() -> None:
    lanes = Lanes(slots=100, lane_limit=4, first=4)
    for number in range(1000):
        lanes.take(f"once-{number}", 4)
        lanes.give_back(f"once-{number}", 3)
        _end(lanes, f"once-{number}", succeeded=True)

    assert lanes.known == 0


def test_lanes_are_limited_to_their_share_and_get_more_when_it_grows() -> None:
    lanes = Lanes(slots=100, lane_limit=8, first=8)
    taken = [_taken_by(lanes, "a")]
    for most in (2, 0, 5):
        lanes.share_out({"a": most}.__getitem__)
        taken.append(_taken_by(lanes, "a"))

    assert taken == [8, 2, 0, 5]


def test_a_lane_that_has_not_succeeded_yet_begins_small_and_grows() -> None:
    lanes = Lanes(slots=100, lane_limit=32, first=2)
    grown = [_taken_by(lanes, "a")]
    for _ in range(3):
        lanes.take("a", 1)
        _end(lanes, "a", succeeded=True)
        grown.append(_taken_by(lanes, "a"))

    assert grown == [2, 3, 4, 5]


def test_lanes_that_have_not_succeeded_yet_leave_half_of_the_slots() -> None:
    lanes = Lanes(slots=10, lane_limit=32, first=2)
    lanes.take("proven", 1)
    _end(lanes, "proven", succeeded=True)
    got = [lanes.take(f"new-{number}", 32) for number in range(4)]

    assert got == [2, 2, 1, Room.FAILING_FULL]
    assert lanes.take("proven", 32) == 3


def test_a_lane_that_was_well_is_trusted_after_it_was_idle_until_it_fails() -> None:
    lanes = Lanes(slots=100, lane_limit=4, first=2)
    for _ in range(2):
        lanes.take("a", 1)
        _end(lanes, "a", succeeded=True)
    trusted = _taken_by(lanes, "a")
    _failing(lanes, "a")

    assert (trusted, _taken_by(lanes, "a")) == (4, 1)


def test_what_is_sent_apart_needs_no_free_slot_and_has_no_part_in_what_doubtful_lanes_share() -> None:
    lanes = Lanes(slots=2, lane_limit=2, first=2)
    _failing(lanes, "a", "b")
    lanes.take("a", 1)
    lanes.take("well", 1)
    lanes.take("b", 1)

    assert lanes.take_apart("b")
    assert (lanes.in_flight, lanes.free) == (3, 0)
    lanes.give_back("well")
    assert lanes.take("c", 1) == 1
    lanes.finish("b", succeeded=True, apart=True)
    lanes.settle()
    assert (lanes.in_flight, lanes.free) == (2, 0)


def test_what_is_sent_apart_gets_no_more_than_its_lane_has() -> None:
    lanes = Lanes(slots=10, lane_limit=2, first=2)
    lanes.take("a", 2)

    assert not lanes.take_apart("a")
    _end(lanes, "a", succeeded=True)
    assert lanes.take_apart("a")
    assert not lanes.take_apart("a")


def test_a_place_that_is_kept_is_nobody_elses() -> None:
    lanes = Lanes(slots=10, lane_limit=2, first=2)
    lanes.keep_for({"a", "z"})

    assert lanes.take("a", 2) == 1
    assert lanes.take("a", 1) is Room.LANE_FULL
    assert lanes.take("b", 2) == 2
    assert lanes.take_apart("a")
    lanes.give_back("a", apart=True)
    lanes.keep_for(frozenset())
    assert lanes.take("a", 1) == 1


def test_nothing_is_sent_apart_at_a_moment_at_which_nothing_may_be_taken() -> None:
    lanes = Lanes(slots=10, lane_limit=2, first=2)
    lanes.take_only_while(lambda: False)

    assert not lanes.take_apart("a")
