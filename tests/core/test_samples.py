"""Samples: what we invent is what we would accept."""

import json
import re
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.core import catalogue, samples

NOW = 1_736_937_000_123_456


@pytest.mark.parametrize("event_type", catalogue.EVENT_TYPES)
@settings(max_examples=30)
@given(seed=st.integers(0, 2**32))
def test_every_sample_may_be_published(event_type: str, seed: int) -> None:
    text = samples.sample(event_type, now=NOW, chance=Random(seed))
    assert catalogue.check_payload(text.encode()) == catalogue.CheckedPayload(event_type, text)


def test_the_same_chance_gives_the_same_sample() -> None:
    first, second = (samples.sample("quote.executed", now=NOW, chance=Random(7)) for _ in range(2))
    assert first == second


def test_a_sample_looks_like_the_vendors() -> None:
    event = json.loads(samples.sample("withdrawal.status_updated", now=NOW, chance=Random(1)))
    assert re.fullmatch(r"AA[0-9]{2}( [A-Z0-9]{4}){3}", event["iiban"])
    assert re.fullmatch(r"[A-Z2-7]{6}-[A-Z2-7]{5}-[A-Z2-7]{6}", event["id"])
    assert event["timestamp"] == "2025-01-15T10:30:00.123456000Z"
    assert event["amount"]["asset"] == event["fee"]["asset"]


def test_a_user_event_has_no_id() -> None:
    assert "id" not in json.loads(samples.sample("user.closed", now=NOW, chance=Random(1)))


def test_the_parts_of_a_quote_add_up() -> None:
    for seed in range(50):
        spend = json.loads(samples.sample("quote.executed", now=NOW, chance=Random(seed)))["spend"]
        cents = {name: round(float(spend[name]) * 100) for name in ("total", "fee", "subtotal")}
        assert cents["total"] == cents["fee"] + cents["subtotal"]


def test_there_is_no_sample_of_an_unknown_event() -> None:
    with pytest.raises(KeyError):
        samples.sample("webhook.test", now=NOW, chance=Random(1))
