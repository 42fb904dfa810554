"""Pictures of numbers."""

from xml.etree import ElementTree

import pytest

from tidings.web.pages.charts import HEIGHT, WIDTH, Series, bars, lines


def drawn(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)  # noqa: S314 - of our own making


def test_bars_stand_on_one_another_and_reach_as_far_as_their_sum() -> None:
    chart = bars("Ended", [Series("delivered", [3, 0, 0]), Series("failed", [1, 0, 5])], ["a", "b", "<c>"])

    shapes = [one for one in drawn(chart.picture).iter("rect") if one.get("class") != "room"]
    assert chart.top == 5
    assert [(one.get("class"), float(one.get("height") or 0)) for one in shapes] == [
        ("delivered", HEIGHT * 3 / 5),
        ("failed", HEIGHT / 5),
        ("failed", HEIGHT),
    ]
    assert float(shapes[1].get("y") or 0) + HEIGHT / 5 == pytest.approx(HEIGHT * 2 / 5)
    assert [one.text for one in drawn(chart.picture).iter("title")] == ["a", "b", "<c>"]


def test_a_line_is_broken_where_there_is_nothing_to_tell() -> None:
    chart = lines("Latency", [Series("p50", [1.0, 2.0, None, 4.0])])

    first, second = drawn(chart.picture).iter("polyline")
    assert len((first.get("points") or "").split()) == 2
    assert (
        second.get("points") == f"{WIDTH * 3.5 / 4:.2f},{HEIGHT * 1 / 5:.2f} {WIDTH * 3.5 / 4:.2f},{HEIGHT * 1 / 5:.2f}"
    )


def test_a_share_is_drawn_of_the_whole() -> None:
    chart = lines("Success", [Series("success", [0.5, 0.25])], top=1)

    (line,) = drawn(chart.picture).iter("polyline")
    assert chart.top == 1
    assert line.get("points") == f"{WIDTH / 4:.2f},{HEIGHT / 2:.2f} {WIDTH * 3 / 4:.2f},{HEIGHT * 3 / 4:.2f}"


@pytest.mark.parametrize("values", [[], [0, 0], [None]])
def test_nothing_is_drawn_of_nothing(values: list[float | None]) -> None:
    labels = [""] * len(values)

    assert lines("Latency", [Series("p50", values)]).top == 1
    assert bars("Ended", [Series("delivered", values)], labels).top == 1


@pytest.mark.parametrize(("most", "top"), [(1, 1), (3, 5), (7, 10), (11, 20), (51, 100), (1_000_000, 1_000_000)])
def test_the_top_is_the_next_round_number(most: float, top: float) -> None:
    assert bars("Ended", [Series("delivered", [most])], [""]).top == top
