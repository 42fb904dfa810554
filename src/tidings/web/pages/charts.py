"""Pictures of numbers over time, drawn as SVG without a style of their own: colours are the style sheet's.

Owns the geometry. A picture is as wide as its place, so it holds no text: axis labels are the page's.
"""

from collections.abc import Sequence

from markupsafe import Markup
from msgspec import Struct

WIDTH, HEIGHT = 720, 160
_GAP = 0.18
_STEPS = (1, 2, 5)


class Series(Struct, frozen=True):
    """One row of numbers; ``name`` is its class in the style sheet, None where there is nothing to tell."""

    name: str
    values: Sequence[float | None]


class Chart(Struct, frozen=True):
    """A picture and the number at its top."""

    picture: Markup
    top: float


def bars(title: str, series: Sequence[Series], labels: Sequence[str]) -> Chart:
    """Return stacked bars, the first series at the bottom; a label for each place is shown to who points at it."""
    sums = [sum(one.values[place] or 0 for one in series) for place in range(len(labels))]
    top = _top(max(sums, default=0))
    step = WIDTH / max(1, len(labels))
    parts = [_bar(series, place, label, step=step, top=top) for place, label in enumerate(labels)]
    return Chart(_picture(title, parts), top)


def lines(title: str, series: Sequence[Series], *, top: float | None = None) -> Chart:
    """Return a line for each series, broken where a value is None; without ``top`` they reach as far as they do."""
    if top is None:
        top = _top(max((value or 0 for one in series for value in one.values), default=0))
    parts = [_line(one, top) for one in series]
    return Chart(_picture(title, parts), top)


def _bar(series: Sequence[Series], place: int, label: str, *, step: float, top: float) -> Markup:
    base = float(HEIGHT)
    parts: list[Markup] = []
    for one in series:
        height = (one.values[place] or 0) / top * HEIGHT
        base -= height
        if height:
            parts.append(
                Markup('<rect class="{}" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"/>').format(
                    one.name, (place + _GAP / 2) * step, base, step * (1 - _GAP), height
                )
            )
    # A place without a bar can be pointed at all the same.
    room = Markup('<rect class="room" x="{:.2f}" y="0" width="{:.2f}" height="{}"/>').format(place * step, step, HEIGHT)
    return Markup("<g><title>{}</title>{}{}</g>").format(label, room, Markup("").join(parts))


def _line(series: Series, top: float) -> Markup:
    step = WIDTH / max(1, len(series.values))
    pieces: list[list[str]] = [[]]
    for place, value in enumerate(series.values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{(place + 0.5) * step:.2f},{HEIGHT - value / top * HEIGHT:.2f}")
    # A single value is a line of no length, which round ends make a dot.
    drawn = [piece if len(piece) > 1 else piece * 2 for piece in pieces if piece]
    return Markup("").join(
        Markup('<polyline class="{}" points="{}"/>').format(series.name, " ".join(piece)) for piece in drawn
    )


def _picture(title: str, parts: Sequence[Markup]) -> Markup:
    middle = Markup('<line class="grid" x1="0" x2="{}" y1="{}" y2="{}"/>').format(WIDTH, HEIGHT / 2, HEIGHT / 2)
    return Markup(
        '<svg class="chart" role="img" aria-label="{}" viewBox="0 0 {} {}" preserveAspectRatio="none">{}{}</svg>'
    ).format(title, WIDTH, HEIGHT, middle, Markup("").join(parts))


def _top(most: float) -> float:
    """Return the next round number above ``most``."""
    size = 1.0
    while True:
        for step in _STEPS:
            if step * size >= most:
                return step * size
        size *= 10
