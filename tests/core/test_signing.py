"""Both signatures against known answers, and every other spelling of them refused."""

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core import signing

VECTORS = Path(__file__).parents[1] / "vectors"
API: dict[str, Any] = json.loads((VECTORS / "api_sign.json").read_text())
DELIVERIES: dict[str, Any] = json.loads((VECTORS / "x_signature.json").read_text())
SECRET = b64decode(API["secret"])
REQUEST = API["requests"][1]


def is_signed(given_bytes: bytes, *, target: str = REQUEST["target"], body: str = REQUEST["body"]) -> bool:
    return signing.is_signed(
        SECRET, target=target.encode(), nonce=REQUEST["nonce"].encode(), body=body.encode(), given=given_bytes
    )


def test_the_vendors_own_published_answer_comes_out() -> None:
    vector = API["kraken_published"]
    raw = signing.api_sign(
        b64decode(vector["secret"]),
        target=vector["path"].encode(),
        nonce=vector["nonce"].encode(),
        body=vector["body"].encode(),
    )
    assert b64encode(raw).decode() == vector["api_sign"]


@pytest.mark.parametrize("vector", API["requests"], ids=lambda vector: vector["name"])
def test_every_known_request_is_signed(vector: dict[str, str]) -> None:
    assert signing.is_signed(
        SECRET,
        target=vector["target"].encode(),
        nonce=vector["nonce"].encode(),
        body=vector["body"].encode(),
        given=vector["api_sign"].encode(),
    )


def test_another_spelling_of_the_signature_is_none() -> None:
    good: str = REQUEST["api_sign"]
    assert is_signed(good.encode())
    trailing_bits = good[:85] + chr(ord(good[85]) + 1) + "=="
    assert b64decode(trailing_bits) == b64decode(good)
    for spelled in (trailing_bits, good.rstrip("="), good + "\n", " " + good, good + "=", "", "!" * 88, "A" * 10_000):
        assert not is_signed(spelled.encode())
    assert not is_signed(b"\xff" * 88)


def test_another_target_or_body_is_not_what_was_signed() -> None:
    good = REQUEST["api_sign"].encode()
    for target in ("/b2b//webhooks", "/b2b/%77ebhooks", "/b2b/webhooks?", "/b2b/webhooks/", "/B2B/webhooks"):
        assert not is_signed(good, target=target)
    assert not is_signed(good, body=REQUEST["body"] + " ")


@given(st.binary(max_size=100))
def test_bytes_that_were_not_made_with_the_secret_are_refused(junk: bytes) -> None:
    assert not is_signed(junk)


@pytest.mark.parametrize("delivery", DELIVERIES["deliveries"], ids=["test", "order"])
def test_every_known_delivery_is_signed(delivery: dict[str, Any]) -> None:
    key = b64decode(DELIVERIES["secret"])
    assert signing.x_signature([key], t=delivery["t"], body=delivery["body"].encode()) == delivery["header"]


def test_two_secrets_make_two_signatures_in_one_header() -> None:
    one, two, both = (signing.x_signature(keys, t=5, body=b"{}") for keys in ([b"a"], [b"b"], [b"a", b"b"]))
    assert both == f"{one},{two.removeprefix('t=5,')}"
