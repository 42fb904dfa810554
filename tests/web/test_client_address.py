"""Who is calling, and how often."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from support.wire import SetClock
from tidings.core.rate import Rate
from tidings.errors import RateLimited
from tidings.web.client_address import caller_of, client_address
from tidings.web.floods import AddressLimit

PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


def scope(peer: str | None, *forwarded: str) -> Any:  # noqa: ANN401 - as much of a scope as is looked at
    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    return {"client": None if peer is None else (peer, 1234), "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["192.0.2.1"], "198.51.100.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ["203.0.113.9, 192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        ("10.0.0.1", ["203.0.113.9", "192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ["192.0.2.1, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["\u00e9"], "10.0.0.1"),
        ("::1", ["2001:db8::5"], "2001:db8::5"),
        ("::ffff:10.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        (None, ["192.0.2.1"], "None"),
    ],
)
def test_forwarding_headers_count_only_from_trusted_proxies(
    peer: str | None, forwarded: list[str], expected: str
) -> None:
    assert str(client_address(scope(peer, *forwarded), PROXIES)) == expected


def test_without_proxies_nothing_is_believed() -> None:
    assert str(client_address(scope("10.0.0.1", "192.0.2.1"), ())) == "10.0.0.1"


def test_an_ipv6_caller_is_its_site() -> None:
    first, second = ip_address("2001:db8:1:2:3::1"), ip_address("2001:db8:1:2:4::2")

    assert caller_of(first) == caller_of(second) == "2001:db8:1:2::/64"
    assert caller_of(ip_address("192.0.2.1")) == "192.0.2.1"
    assert caller_of(None) == "unknown"


def test_a_bucket_fills_again() -> None:
    clock = SetClock()
    limit = AddressLimit(Rate(2, 1), clock=clock)
    limit.charge("a")
    limit.charge("a")
    with pytest.raises(RateLimited) as told:
        limit.charge("a")
    assert told.value.retry_after == 1

    limit.charge("b")
    clock.pass_(1)
    limit.charge("a")


def test_the_least_recently_used_bucket_is_forgotten() -> None:
    limit = AddressLimit(Rate(1, 0.001), clock=SetClock(), most=2)
    limit.charge("a")
    limit.charge("b")
    with pytest.raises(RateLimited):
        limit.charge("a")
    limit.charge("c")

    limit.charge("b")
    assert len(limit._buckets) == 2
