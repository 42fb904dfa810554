"""Sharing a lane's limit among processes."""

from hypothesis import given
from hypothesis import strategies as st

from tidings.core.sharing import share

PROCESSES = st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=8, unique=True)


@given(st.integers(1, 100), st.text(max_size=8), PROCESSES)
def test_the_parts_add_up_and_differ_by_one_at_most_in_any_order(limit: int, lane: str, processes: list[str]) -> None:
    parts = {name: share(limit, lane=lane, process=name, processes=processes) for name in processes}
    assert sum(parts.values()) == limit
    assert max(parts.values()) - min(parts.values()) <= 1
    turned = sorted(processes, reverse=True)
    assert parts == {name: share(limit, lane=lane, process=name, processes=turned) for name in processes}


def test_a_single_process_has_it_all() -> None:
    assert share(32, lane="WH1", process="a", processes=["a"]) == 32


def test_a_process_that_is_not_listed_has_none() -> None:
    assert share(32, lane="WH1", process="b", processes=["a"]) == 0
    assert share(32, lane="WH1", process="b", processes=[]) == 0


def test_what_is_left_over_goes_to_different_processes_in_different_lanes() -> None:
    winners = {name for lane in range(50) for name in "ab" if share(1, lane=str(lane), process=name, processes="ab")}
    assert winners == {"a", "b"}
