"""Lines leave in bunches, in order, and none is lost."""

import io

from support.waiting import until
from tidings.telemetry.line_buffer import LineBuffer


class Below(io.BytesIO):
    """A stream that counts how often it was written to."""

    writes = 0

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self.writes += 1
        return super().write(data)


class Broken(io.BytesIO):
    """A pipe whose reader has gone."""

    def write(self, _data: bytes, /) -> int:  # type: ignore[override]
        raise BrokenPipeError


def test_a_line_leaves_at_once_where_no_loop_runs() -> None:
    below = Below()
    LineBuffer(below).write(b"one\n")
    assert below.getvalue() == b"one\n"


async def test_lines_of_one_moment_leave_together_and_in_order() -> None:
    below = Below()
    buffer = LineBuffer(below)
    for number in range(100):
        buffer.write(b"%d\n" % number)
    assert below.getvalue() == b""
    await until(lambda: below.writes > 0)
    assert below.getvalue().split() == [b"%d" % number for number in range(100)]
    assert below.writes == 1


async def test_flushing_writes_what_waits_now_and_once() -> None:
    below = Below()
    buffer = LineBuffer(below)
    buffer.write(b"one\n")
    buffer.flush()
    buffer.flush()
    buffer.write(b"two\n")
    buffer.close()
    assert (below.getvalue(), below.writes) == (b"one\ntwo\n", 2)


async def test_a_flood_does_not_wait() -> None:
    below = Below()
    buffer = LineBuffer(below)
    for _ in range(1_500):
        buffer.write(b"x\n")
    assert below.writes == 1
    buffer.close()
    assert below.getvalue() == b"x\n" * 1_500


def test_a_reader_that_has_gone_stops_nobody() -> None:
    LineBuffer(Broken()).write(b"one\n")
