"""One fact, one line, in words of one file."""

import io
import json
from typing import get_args

import pytest

from support.wire import SetClock
from tidings.telemetry.facts import (
    AttemptEnded,
    CommitEnded,
    EventsPublished,
    Fact,
    NameLookedUp,
    ReadEnded,
    RequestAnswered,
    RequestFailed,
    ServiceStarted,
    WebhookTested,
)
from tidings.telemetry.logs import WORDING, Style, log_to

ATTEMPT = AttemptEnded(
    delivery="dlv_1",
    event="evt_1",
    event_type="deposit.status_updated",
    webhook="wh_1",
    partner="acme",
    number=2,
    outcome="http_status",
    http_status=503,
    duration_ms=12,
    latency_ms=None,
    lateness_ms=1.5,
    verdict="retry",
    ended_at=1_700_000_000_000_000,
    next_due_at=1_700_000_000_000_000,
)
SILENT = {CommitEnded, EventsPublished, NameLookedUp, ReadEnded, RequestAnswered}
"""They come by the thousand; metrics count them."""


def lines_of(*facts: Fact, style: Style = "json", clock: SetClock | None = None) -> list[bytes]:
    stream = io.BytesIO()
    emit = log_to(stream, style=style, clock=clock or SetClock())
    for fact in facts:
        emit(fact)
    return stream.getvalue().splitlines()


def test_every_fact_is_worded_or_silent_on_purpose() -> None:
    assert set(WORDING) == set(get_args(Fact)) - SILENT


def test_an_attempt_is_one_line_with_everything_in_it() -> None:
    clock = SetClock()
    clock.moment = 1_700_000_000_123_456
    (line,) = lines_of(ATTEMPT, clock=clock)
    document = json.loads(line)
    assert document["at"] == "2023-11-14T22:13:20.123Z"
    assert (document["level"], document["message"]) == ("info", "attempt ended")
    assert {name: document[name] for name in ATTEMPT.__struct_fields__} == {
        name: getattr(ATTEMPT, name) for name in ATTEMPT.__struct_fields__
    }


def test_the_moment_moves_with_the_clock() -> None:
    clock, stream = SetClock(), io.BytesIO()
    clock.moment = 1_700_000_000_000_000
    emit = log_to(stream, style="json", clock=clock)
    emit(ATTEMPT)
    clock.pass_(61)
    emit(ATTEMPT)
    first, second = (json.loads(line)["at"] for line in stream.getvalue().splitlines())
    assert (first, second) == ("2023-11-14T22:13:20.000Z", "2023-11-14T22:14:21.000Z")


def test_an_error_of_ours_is_an_error() -> None:
    (line,) = lines_of(RequestFailed("trace", "KeyError", place="store/rows.py:3"))
    document = json.loads(line)
    assert (document["level"], document["place"]) == ("error", "store/rows.py:3")


@pytest.mark.parametrize("fact", [CommitEnded(members=3, duration_ms=1.0), EventsPublished(1, 0, 1, 0)])
def test_what_comes_by_the_thousand_is_not_logged(fact: Fact) -> None:
    assert lines_of(fact) == []


def test_text_is_for_people() -> None:
    clock = SetClock()
    clock.moment = 1_700_000_000_000_000
    (line,) = lines_of(ServiceStarted("http://127.0.0.1:8080", "all"), style="text", clock=clock)
    assert line == b"2023-11-14T22:13:20.000Z info    service started url=http://127.0.0.1:8080 role=all"


@pytest.mark.parametrize("style", ["json", "text"])
@pytest.mark.parametrize("hostile", ["a\nb", "a\r\nerror b", 'a" level="error', "a b=c", "\x1b[31m", "\u2028", ""])
def test_no_value_makes_a_line_or_field_of_its_own(style: Style, hostile: str) -> None:
    (line,) = lines_of(WebhookTested("wh_1", hostile, "ok"), style=style)
    assert b"\x1b" not in line
    assert line.decode().count("outcome=ok" if style == "text" else '"outcome":"ok"') == 1
    assert style == "json" or line.isascii()
