"""``Retry-After`` as number and as date, and as whatever else a receiver may send."""

from datetime import UTC, datetime

import pytest

from tidings.core.instants import SECOND
from tidings.sender.answer import retry_seconds

NOW = int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()) * SECOND
YEAR = 365 * 86_400


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("99999999999999999999", YEAR),
        ("9999999999", YEAR),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("Thu, 01 Jan 9999 11:00:00 GMT", YEAR),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("١٢", None),
        ("Thu, 99 Jan 2026 12:00:30 GMT", None),
    ],
)
def test_a_wait_is_read_or_there_is_none(value: str, seconds: int | None) -> None:
    assert retry_seconds(value, now=NOW) == seconds


def test_a_date_is_rounded_up() -> None:
    assert retry_seconds("Thu, 01 Jan 2026 12:00:30 GMT", now=NOW + SECOND // 2) in {30, 29 + 1}
