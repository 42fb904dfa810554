"""Names of things."""

import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core import ids

MOMENTS = st.integers(0, 4 * 10**15)
ENTROPY = st.binary(min_size=ids.ID_ENTROPY, max_size=ids.ID_ENTROPY)


@given(MOMENTS, ENTROPY, MOMENTS, ENTROPY)
def test_ids_of_different_milliseconds_sort_by_time(one: int, some: bytes, two: int, other: bytes) -> None:
    if one // 1000 != two // 1000:
        assert (ids.event_id(one, some) < ids.event_id(two, other)) == (one < two)


@given(MOMENTS, ENTROPY)
def test_no_id_is_below_the_floor_of_its_moment(now: int, entropy: bytes) -> None:
    name = ids.delivery_id(now, entropy)
    assert re.fullmatch(r"dlv_[0-9a-z]{26}", name)
    assert ids.id_floor("dlv_", now) <= name < ids.id_floor("dlv_", now + 1000)


@given(MOMENTS, ENTROPY)
def test_an_id_tells_the_millisecond_at_which_it_was_made(now: int, entropy: bytes) -> None:
    assert ids.moment_of(ids.event_id(now, entropy)) == now // 1000 * 1000


@pytest.mark.parametrize(
    "name", ["", "evt_", "evt_1", "evt_01jx3k8z2", "evt_01JX3K8Z2M", "evt_0ilou00000000000000000000"]
)
def test_what_was_not_made_here_tells_no_moment(name: str) -> None:
    assert ids.moment_of(name) is None


@given(MOMENTS, ENTROPY, st.integers(-12 * 3_600_000_000, 12 * 3_600_000_000), ENTROPY)
def test_an_events_deliveries_lie_within_their_bounds_also_when_the_clock_was_set(
    now: int, entropy: bytes, step: int, other: bytes
) -> None:
    lowest, highest = ids.deliveries_of(ids.event_id(now, entropy))

    assert lowest <= ids.delivery_id(max(0, now + step), other) <= highest


def test_of_what_is_no_event_every_delivery_is_possible() -> None:
    lowest, highest = ids.deliveries_of("evt_nonsense")

    assert lowest <= ids.id_floor("dlv_", 0)
    assert highest >= ids.delivery_id(2**50 * 1000 - 1, b"\xff" * ids.ID_ENTROPY)


def test_trail_and_redeliveries_have_ids_of_their_own_that_sort_by_time() -> None:
    for make, prefix in ((ids.audit_id, "aud_"), (ids.redelivery_id, "rdl_")):
        earlier, later = make(5_000, bytes(ids.ID_ENTROPY)), make(6_000, bytes(ids.ID_ENTROPY))
        assert re.fullmatch(rf"{prefix}[0-9a-z]{{26}}", earlier)
        assert earlier < later


def test_a_moment_before_the_epoch_is_the_epoch() -> None:
    assert ids.id_floor("evt_", -5) == ids.id_floor("evt_", 0)


def test_a_webhook_id_looks_like_the_vendors() -> None:
    assert re.fullmatch(r"WH[A-Z2-7]{6}-[A-Z2-7]{5}-[A-Z2-7]{6}", ids.webhook_id(os.urandom(ids.WEBHOOK_ENTROPY)))
    assert ids.webhook_id(bytes(11)) == "WH" + ids.object_id(bytes(11))


def test_chance_is_asked_once_for_many_ids_and_never_given_twice() -> None:
    asked: list[int] = []

    def source(size: int) -> bytes:
        asked.append(size)
        return os.urandom(size)

    draught = ids.Draughts(source)
    drawn = {draught() for _ in range(33)}
    assert len(drawn) == 33
    assert all(len(entropy) == ids.ID_ENTROPY for entropy in drawn)
    assert len(asked) == 2
