"""Outside JSON, read strictly: nothing that two parsers could read differently gets through."""

import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidings.core import strict_json
from tidings.core.strict_json import JsonValue
from tidings.errors import InvalidArgument

VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def why(raw: bytes) -> str:
    with pytest.raises(InvalidArgument) as caught:
        strict_json.parse(raw)
    assert caught.value.field == "body"
    return caught.value.why


@given(VALUES)
def test_every_value_that_json_can_spell_is_read_as_it_was_meant(value: JsonValue) -> None:
    assert strict_json.parse(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=64) | st.text(alphabet='{}[]",:\\ud8cnNaI01.eE- \n').map(str.encode))
@example(b'{"a":1}')
def test_any_bytes_are_read_or_refused_and_raise_nothing_else(raw: bytes) -> None:
    try:
        value = strict_json.parse(raw)
    except InvalidArgument:
        return
    assert json.loads(raw) == value
    assert json.loads(strict_json.compact(raw)) == value


@pytest.mark.parametrize("raw", [b'{"a":1,"a":1}', b'[{"b":{"a":1,"\\u0061":2}}]'])
def test_a_key_twice_in_one_object_is_refused(raw: bytes) -> None:
    assert why(raw) == "has a key twice in one object"


@pytest.mark.parametrize("raw", [b"NaN", b'{"a":NaN}', b"[Infinity]", b"-Infinity"])
def test_constants_that_are_not_json_are_refused(raw: bytes) -> None:
    assert "which is not JSON" in why(raw)


@pytest.mark.parametrize("raw", [b"1e999", b'{"a":-1e400}'])
def test_a_number_beyond_a_double_is_refused(raw: bytes) -> None:
    assert why(raw) == "has a number beyond the range of a double"


def test_a_number_of_very_many_digits_is_refused() -> None:
    assert why(b"9" * 5_000) == "has a number that is too long"


@pytest.mark.parametrize("raw", [b'\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"'])
def test_bytes_that_are_not_utf8_are_refused(raw: bytes) -> None:
    assert why(raw) == "is not UTF-8"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"\xef\xbb\xbf{}",
        b"{",
        b"{}x",
        b"[1,]",
        b"'a'",
        b"01",
        b"+1",
        b"// a\n1",
        b'"\n"',
        b'"\\x41"',
        b"\x00",
    ],
)
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    assert why(raw).startswith("is not JSON")


@pytest.mark.parametrize("raw", [b'"\\ud800"', b'{"\\uDFFF":1}', b'["\\udc00\\ud800"]'])
def test_half_of_a_surrogate_pair_is_refused(raw: bytes) -> None:
    assert "surrogate" in why(raw)


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert strict_json.parse(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_32_levels_are_read_and_33_are_refused() -> None:
    strict_json.parse(b"[" * 32 + b"]" * 32)
    assert "deeper than 32" in why(b"[" * 33 + b"]" * 33)
    assert "deeper than 32" in why(b'{"a":' * 33 + b"1" + b"}" * 33)


def test_the_depth_is_an_argument() -> None:
    with pytest.raises(InvalidArgument):
        strict_json.parse(b"[[]]", max_depth=1)


def test_brackets_side_by_side_or_in_strings_are_not_deep() -> None:
    assert strict_json.parse(b"[" + b",".join([b"[]"] * 100) + b"]") == [[]] * 100
    assert strict_json.parse(b'"' + b"[{" * 100 + b'\\""') == "[{" * 100 + '"'


@pytest.mark.parametrize("raw", [b"[" * 200_000, b'"\\"' * 100_000, b'{"a":[' * 50_000, b"[]" * 100_000])
def test_hostile_nesting_costs_no_more_than_reading_it(raw: bytes) -> None:
    began = time.process_time()
    why(raw * 4 if raw.startswith(b'"') else raw)
    assert time.process_time() - began < 1


def test_only_an_object_is_an_object() -> None:
    assert strict_json.parse_object(b'{"a":[1]}') == {"a": [1]}
    with pytest.raises(InvalidArgument, match="not a JSON object"):
        strict_json.parse_object(b"[]")


def test_compact_text_keeps_order_spelling_and_escapes() -> None:
    raw = b' { "b" : 1.50 , "a" : [ 12345678901234567890123 , 1E5 ] , "c" : "\\u00e9 \xc3\xa9" } \n'
    assert strict_json.compact(raw) == '{"b":1.50,"a":[12345678901234567890123,1E5],"c":"\\u00e9 é"}'
