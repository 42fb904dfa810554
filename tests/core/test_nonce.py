"""The nonce: one spelling for each number, and never the same number twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core import nonce
from tidings.errors import InvalidNonce

NUMBERS = st.integers(1, nonce.HIGHEST)


@given(NUMBERS)
def test_every_number_of_64_bits_is_read(number: int) -> None:
    assert nonce.parse(str(number).encode()) == number


@pytest.mark.parametrize("edge", [1, 2**63 - 1, 2**63, 2**64 - 1])
def test_the_edges_are_read(edge: int) -> None:
    assert nonce.parse(b"%d" % edge) == edge


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"0",
        b"00",
        b"01",
        b"-1",
        b"+1",
        b"1_000",
        b" 1",
        b"1 ",
        b"1\n",
        b"1.0",
        b"1e3",
        b"0x1",
        b"\xd9\xa1",
        b"18446744073709551616",
        b"99999999999999999999",
        b"9" * 21,
        b"9" * 10000,
    ],
)
def test_every_other_spelling_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidNonce):
        nonce.parse(text)


@given(NUMBERS, NUMBERS)
def test_stored_nonces_sort_as_their_numbers_do(one: int, two: int) -> None:
    assert (nonce.stored(one) < nonce.stored(two)) == (one < two)
    assert len(nonce.stored(one)) == 20


def test_without_a_window_only_a_higher_nonce_is_fresh() -> None:
    assert nonce.is_fresh(11, highest=10, window=0, used=())
    assert not nonce.is_fresh(10, highest=10, window=0, used=())
    assert not nonce.is_fresh(9, highest=10, window=0, used=())


def test_within_the_window_an_unused_nonce_is_fresh() -> None:
    assert nonce.is_fresh(8, highest=10, window=3, used={9, 10})
    assert not nonce.is_fresh(9, highest=10, window=3, used={9, 10})
    assert not nonce.is_fresh(7, highest=10, window=3, used={9, 10})


def test_the_highest_is_spent_even_if_nobody_says_so() -> None:
    assert not nonce.is_fresh(10, highest=10, window=5, used=())
