"""Which addresses deliveries may go to (security.md section 2)."""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.core.addresses import BLOCKED_IPV4, BLOCKED_IPV6, AllowPair, is_allowed, is_public, parse_allow_pair
from tidings.errors import InvalidArgument

SECURITY = Path(__file__).parents[2] / "docs" / "security.md"

FORBIDDEN = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2001:20::1",
    "2002:7f00:1::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "4000::1",
    "5f00::1",
    "2606:4700::1%eth0",
]
ORDINARY = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "168.63.129.15",
    "168.63.129.17",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2000::1",
    "2001:200::1",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "3ffe::1",
]


@pytest.mark.parametrize("text", FORBIDDEN)
def test_a_special_address_is_forbidden_on_every_port(text: str) -> None:
    assert not any(is_allowed(ip_address(text), port, ()) for port in (22, 80, 443, 8443))


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_address_is_public(text: str) -> None:
    assert is_public(ip_address(text))


def test_the_table_is_the_documents() -> None:
    section = SECURITY.read_text().split("## 2.")[1].split("## 3.")[0]
    listed = section.split("Blocked IPv4: ")[1].split(". IPv6")[0]
    padded = [
        f"{'.'.join([*text.split('/')[0].split('.'), '0', '0', '0'][:4])}/{text.split('/')[1]}"
        for text in re.findall(r"[0-9.]+/[0-9]+", listed)
    ]
    assert {IPv4Network(text) for text in padded} == set(BLOCKED_IPV4)
    six = section.split("minus ")[1].split(" (so")[0]
    assert {IPv6Network(text) for text in re.findall(r"[0-9a-f:]+/[0-9]+", six)} == set(BLOCKED_IPV6)


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_the_numbers_say_what_the_networks_say(address: IPv4Address) -> None:
    assert is_public(address) is not any(address in network for network in BLOCKED_IPV4)


@given(st.integers(0, 2**128 - 1).map(IPv6Address) | st.integers(0x20 << 120, (0x40 << 120) - 1).map(IPv6Address))
def test_the_numbers_say_what_the_networks_say_for_ipv6(address: IPv6Address) -> None:
    expected = address in IPv6Network("2000::/3") and not any(address in network for network in BLOCKED_IPV6)
    assert is_public(address) is expected


def test_an_exception_is_exact() -> None:
    allow = (parse_allow_pair("192.168.0.120:443"),)
    assert is_allowed(IPv4Address("192.168.0.120"), 443, allow)
    assert not is_allowed(IPv4Address("192.168.0.121"), 443, allow)
    assert not is_allowed(IPv4Address("192.168.0.120"), 22, allow)
    assert not is_allowed(IPv6Address("::ffff:192.168.0.120"), 443, allow)


@pytest.mark.parametrize(
    ("text", "network", "port"),
    [
        ("10.0.0.0/8:443", IPv4Network("10.0.0.0/8"), 443),
        ("127.0.0.1:1", IPv4Network("127.0.0.1/32"), 1),
        ("[fd00::]/8:65535", IPv6Network("fd00::/8"), 65535),
        ("[fd00::/8]:443", IPv6Network("fd00::/8"), 443),
        ("fd00::/8:443", IPv6Network("fd00::/8"), 443),
        ("[::1]:8443", IPv6Network("::1/128"), 8443),
    ],
)
def test_a_pair_is_read(text: str, network: IPv4Network | IPv6Network, port: int) -> None:
    assert parse_allow_pair(text) == AllowPair(network, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.0.0/8",
        "10.0.0.0/8:",
        "10.0.0.0/8:0",
        "10.0.0.0/8:0443",
        "10.0.0.0/8:65536",
        "10.0.0.0/8:+1",
        "10.0.0.0/8:*",
        "10.0.0.1/8:443",
        "10.0.0.0/33:443",
        "10/8:443",
        "fd00::1:443",
        "[fd00::1:443",
        "[fd00::1]/8:443",
        "host:443",
        "10.0.0.0/255.0.0.0:443",
        " 10.0.0.0/8:443",
        "[10.0.0.1]:443]:443",
        "[fd00::%1]:443",
        "10.0.0.0/8:٤٤",
    ],
)
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_allow_pair(text)
    assert caught.value.field == "egress_allow"
