"""Events in a file: an object, an array, or JSON lines."""

import pytest

from tidings.cli.event_file import read_events
from tidings.errors import InvalidArgument

ONE = b'{"event_type":"user.verified","iiban":"AA00","timestamp":"2025-01-15T10:30:00.000000000Z","n":1.50}'
PRETTY = ONE.replace(b",", b",\n  ")


@pytest.mark.parametrize(
    ("raw", "events"),
    [
        (ONE, [ONE]),
        (PRETTY, [PRETTY]),
        (b" [" + ONE + b", " + ONE + b"] \n", [ONE, ONE]),
        (ONE + b"\n" + ONE + b"\r\n\n" + ONE, [ONE, ONE, ONE]),
    ],
)
def test_each_event_keeps_its_spelling(raw: bytes, events: list[bytes]) -> None:
    assert read_events(raw, "file") == events


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "holds no event"),
        (b" \n ", "holds no event"),
        (b"[]", "holds no event"),
        (b"{", "the event"),
        (b"[" + ONE, "file"),
        (b"[" * 100_000, "file"),
        (b"[" + ONE + b",7]", "event 2"),
        (ONE + b"\n{}", "line 2"),
        (b"\xff\xfe", "the event"),
    ],
)
def test_a_fault_is_placed(raw: bytes, said: str) -> None:
    with pytest.raises(InvalidArgument, match=said):
        read_events(raw, "file")
