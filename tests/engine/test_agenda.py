"""When which lane has something due."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.engine.agenda import Agenda

LANES = st.sampled_from(["a", "b", "c", "d"])


def test_lanes_get_their_turn_in_the_order_in_which_they_are_due() -> None:
    agenda = Agenda()
    for lane, due_at in (("late", 30), ("early", 10), ("middle", 20)):
        agenda.notice(lane, due_at)

    assert agenda.ready(9, 10) == []
    assert agenda.ready(25, 10) == ["early", "middle"]
    assert agenda.next_at() == 30


def test_the_earlier_of_two_moments_counts() -> None:
    agenda = Agenda()
    agenda.notice("a", 20)
    agenda.notice("a", 10)
    agenda.notice("a", 30)

    assert agenda.next_at() == 10
    assert agenda.ready(10, 5) == ["a"]
    assert agenda.next_at() is None


def test_a_lane_that_waits_for_room_is_woken_by_its_own_end() -> None:
    agenda = Agenda()
    agenda.park("a", failing=False)
    agenda.notice("a", 1)

    assert agenda.ready(5, 5) == []
    assert agenda.room_in("a")
    assert agenda.ready(5, 5) == ["a"]


def test_a_failing_lane_that_ends_lets_another_have_the_common_room() -> None:
    agenda = Agenda()
    agenda.park("first", failing=True)
    agenda.park("second", failing=True)

    assert agenda.room_in("other")
    assert agenda.ready(0, 5) == ["first"]
    assert agenda.room_in("first")
    assert agenda.ready(0, 5) == ["second"]


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("notice"), LANES, st.integers(0, 20)),
            st.tuples(st.just("take"), st.integers(0, 20), st.integers(0, 3)),
            st.tuples(st.just("park"), LANES, st.booleans()),
            st.tuples(st.just("room"), LANES, st.none()),
        ),
        max_size=40,
    )
)
def test_no_lane_is_ever_lost(steps: list[tuple[str, object, object]]) -> None:
    agenda, noticed = Agenda(), set[str]()
    for what, first, second in steps:
        match what, first, second:
            case "notice", str(lane), int(due_at):
                agenda.notice(lane, due_at)
                noticed.add(lane)
            case "take", int(now), int(most):
                noticed.difference_update(agenda.ready(now, most))
            case "park", str(lane), bool(failing) if lane in noticed:
                noticed.difference_update(agenda.ready(20, 10))
                agenda.park(lane, failing=failing)
                noticed.add(lane)
            case "room", str(lane), _:
                agenda.room_in(lane)
            case _:
                continue
    agenda.room_everywhere()

    assert set(agenda.ready(20, 100)) >= noticed
