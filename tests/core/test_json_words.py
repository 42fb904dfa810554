"""JSON's own words in what is said of it."""

from typing import Annotated, Any

import msgspec
import pytest

from tidings.core.json_words import in_json_words

KINDS: dict[str, Any] = {"array": [], "object": {}, "string": "", "number": 1.5, "boolean": True, "null": None}
EXPECTED: list[tuple[Any, str, set[str]]] = [
    (str, "string", {"string"}),
    (float, "number", {"number"}),
    (int, "whole number", set()),
    (bool, "boolean", {"boolean"}),
    (list[int], "array", {"array"}),
    (dict[str, int], "object", {"object"}),
    (None, "null", {"null"}),
    (str | None, "string or null", {"string", "null"}),
]


@pytest.mark.parametrize(
    ("expected", "said", "got"),
    [(expected, said, got) for expected, said, taken in EXPECTED for got in KINDS if got not in taken],
)
def test_every_kind_has_jsons_name(expected: object, said: str, got: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(KINDS[got], expected)

    assert in_json_words(str(refused.value)) == f"expected {said}, got {got}"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Expected `str` of length <= 3", "expected string of length <= 3"),
        ("Expected `int` >= 0", "expected whole number >= 0"),
        ("Invalid RFC3339 encoded datetime", "is no moment in RFC 3339, like 2025-01-15T10:30:00Z"),
    ],
)
def test_limits_are_told_too(said: str, words: str) -> None:
    assert in_json_words(said) == words


def test_a_pattern_is_one_that_others_can_read() -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert("", Annotated[str, msgspec.Meta(pattern=r"^[^\u0000]+\Z")])

    assert in_json_words(str(refused.value)) == r"expected string matching regex '^[^\u0000]+$'"
