"""How long what has happened is kept."""

from tidings.core.retention import Retention


def test_an_event_outlives_its_deliveries_and_these_their_attempts_and_the_trail_outlives_all() -> None:
    usual = Retention()

    assert usual.audit >= usual.events >= usual.deliveries >= usual.attempts > 0
