"""Who may make a receiver act: the sender who knows the secret, just now."""

import time
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tidings_receiver
from tidings_receiver import (
    InvalidSecret,
    MalformedPayload,
    MalformedSignature,
    MissingSignature,
    SignatureMismatch,
    TimestampOutOfTolerance,
    UserClosed,
    VerificationError,
    WebhookTest,
    sign,
    verify,
)
from tidings_receiver.signature_header import LONGEST

SECRET = "dGVzdC1zZWNyZXQtcGxlYXNlLWlnbm9yZQ=="
OTHER = b64encode(b"another secret").decode()
BODY = b'{"event_type":"user.closed","iiban":"AA00","timestamp":"2025-01-15T10:30:00.000000000Z"}'
T = 1_734_567_890
HEX = "0" * 64


def test_every_known_delivery_is_signed_and_verified(vectors: dict[str, Any]) -> None:
    for delivery in vectors["deliveries"]:
        body = delivery["body"].encode()
        assert sign(body, vectors["secret"], delivery["t"]) == delivery["header"]
        assert verify(body, delivery["header"], vectors["secret"], now=delivery["t"]).raw


def test_the_secret_is_base64_and_not_text(vectors: dict[str, Any]) -> None:
    body = vectors["deliveries"][0]["body"].encode()
    with pytest.raises(SignatureMismatch):
        verify(body, vectors["must_be_refused"]["header"], vectors["secret"], now=T)


def test_a_verified_test_event_is_typed(vectors: dict[str, Any]) -> None:
    delivery = vectors["deliveries"][0]
    event = verify(delivery["body"].encode(), delivery["header"], vectors["secret"], now=delivery["t"])
    assert isinstance(event, WebhookTest)


@pytest.mark.parametrize("off", [-300, 0, 300])
def test_300_seconds_are_fresh(off: int) -> None:
    assert isinstance(verify(BODY, sign(BODY, SECRET, T), SECRET, now=T + off), UserClosed)


@pytest.mark.parametrize("off", [-301, 300.5, 10**9])
def test_more_than_300_seconds_are_not(off: float) -> None:
    with pytest.raises(TimestampOutOfTolerance):
        verify(BODY, sign(BODY, SECRET, T), SECRET, now=T + off)


def test_the_tolerance_is_the_receivers_choice() -> None:
    verify(BODY, sign(BODY, SECRET, T), SECRET, now=T + 900, tolerance=900)


def test_without_a_clock_of_its_own_it_takes_the_machines() -> None:
    assert verify(BODY, sign(BODY, SECRET), SECRET).raw
    with pytest.raises(TimestampOutOfTolerance):
        verify(BODY, sign(BODY, SECRET, int(time.time()) - 1_000), SECRET)


@given(st.binary(max_size=60))
def test_other_bytes_are_never_accepted(body: bytes) -> None:
    if body != BODY:
        with pytest.raises(SignatureMismatch):
            verify(body, sign(BODY, SECRET, T), SECRET, now=T)


def test_another_time_is_not_what_was_signed() -> None:
    with pytest.raises(SignatureMismatch):
        verify(BODY, sign(BODY, SECRET, T).replace(str(T), str(T + 1)), SECRET, now=T)


def test_while_a_secret_is_replaced_either_side_may_hold_both() -> None:
    assert verify(BODY, sign(BODY, [OTHER, SECRET], T), SECRET, now=T).raw
    assert verify(BODY, sign(BODY, SECRET, T), [OTHER, SECRET], now=T).raw
    with pytest.raises(SignatureMismatch):
        verify(BODY, sign(BODY, OTHER, T), SECRET, now=T)


@pytest.mark.parametrize("header", [None, ""])
def test_no_header_is_told_as_such(header: str | None) -> None:
    with pytest.raises(MissingSignature):
        verify(BODY, header, SECRET, now=T)


@pytest.mark.parametrize(
    "header",
    [
        "junk",
        f"v1={HEX}",
        f"t={T}",
        f"t={T},t={T},v1={HEX}",
        f"t=+{T},v1={HEX}",
        f"t={T}.0,v1={HEX}",
        f"t=,v1={HEX}",
        f"t={'9' * 13},v1={HEX}",
        f"t=\u0661,v1={HEX}",
        f"t={T},v1={HEX[1:]}",
        f"t={T},v1={HEX.replace('0', 'A')}",
        f"t={T},v1=",
        f"t={T},v1={HEX},",
        f"t={T}, ,v1={HEX}",
        f"t={T},v1={HEX}" + ",v0=x" * LONGEST,
    ],
)
def test_a_header_of_another_form_is_malformed(header: str) -> None:
    with pytest.raises(MalformedSignature):
        verify(BODY, header, SECRET, now=T)


def test_elements_that_later_versions_add_are_passed_over() -> None:
    assert verify(BODY, f"v2=abc, {sign(BODY, SECRET, T)}", SECRET, now=T).raw


@pytest.mark.parametrize("secret", ["not base64!", "", "abc", [], "é"])
def test_a_secret_that_is_no_secret_is_the_callers_mistake(secret: str | list[str]) -> None:
    with pytest.raises(InvalidSecret):
        verify(BODY, sign(BODY, SECRET, T), secret, now=T)


def test_what_is_signed_but_no_event_is_malformed() -> None:
    for body in (b"", b"[]", b"{}", b"\xff", b'{"event_type":5}', b'{"event_type":"user.closed"}'):
        with pytest.raises(MalformedPayload):
            verify(body, sign(body, SECRET, T), SECRET, now=T)


def test_every_refusal_has_a_code_of_its_own() -> None:
    refusals: list[type[VerificationError]] = [VerificationError, *VerificationError.__subclasses__()]
    assert len({refusal.code for refusal in refusals}) == len(refusals) > 1


def test_the_public_names_are_all_there_and_sorted() -> None:
    names = tidings_receiver.__all__
    assert all(hasattr(tidings_receiver, name) for name in names)
    assert sorted(set(names)) == sorted(names)
