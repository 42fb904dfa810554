"""Facts reach every reader, and say where without saying what."""

import json
import re
from typing import get_args

import pytest

from tidings.core import strict_json
from tidings.errors import InvalidArgument
from tidings.telemetry.facts import Fact, LeaseLost, ServiceStopping
from tidings.telemetry.fan_out import fan_out
from tidings.telemetry.places import place_of

NEVER_IN_A_FACT = ("secret", "body", "signature", "payload", "token", "text", "message")


def test_a_fact_reaches_every_reader_in_order() -> None:
    heard: list[tuple[str, Fact]] = []
    emit = fan_out(lambda fact: heard.append(("first", fact)), lambda fact: heard.append(("second", fact)))
    emit(ServiceStopping())
    emit(LeaseLost("dlv_1", 2))
    assert [name for name, _ in heard] == ["first", "second"] * 2
    assert heard[3] == ("second", LeaseLost("dlv_1", 2))


def test_no_fact_has_room_for_a_secret() -> None:
    fields = {field for fact in get_args(Fact) for field in fact.__struct_fields__}
    assert not [field for field in fields if any(word in field for word in NEVER_IN_A_FACT)]


def test_a_place_is_the_innermost_line_of_ours() -> None:
    with pytest.raises(InvalidArgument) as caught:
        strict_json.parse(b"{", max_depth=32)
    assert re.fullmatch(r"core/strict_json\.py:[0-9]+", place_of(caught.value))


def test_a_place_outside_is_told_by_its_file_alone() -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - whatever its text
        json.loads("not json")
    assert place_of(caught.value).startswith("decoder.py:")


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert place_of(ValueError("secret")) == ""
