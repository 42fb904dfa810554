"""How settings are spelt."""

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest

from support.certificates import Authority
from tidings.core.addresses import AllowPair
from tidings.core.rate import Rate
from tidings.settings import ListenAddress, spellings

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@pytest.mark.parametrize(
    ("read", "text", "meant"),
    [
        (spellings.allow_pairs, "10.0.0.0/8:443", (AllowPair(IPv4Network("10.0.0.0/8"), 443),)),
        (spellings.ports, " 443, 8443 ,", frozenset({443, 8443})),
        (spellings.ports, [443, 9443], frozenset({443, 9443})),
        (spellings.name_servers, "127.0.0.1:5353, ::1", ("127.0.0.1:5353", "::1")),
        (spellings.rate, "20/0.5", Rate(20, 0.5)),
        (spellings.networks, "10.0.0.0/8,fd00::/8", (IPv4Network("10.0.0.0/8"), IPv6Network("fd00::/8"))),
        (spellings.listen_address, "[::1]:9090", ListenAddress("::1", 9090)),
        (spellings.listen_address, "localhost:9090", ListenAddress("localhost", 9090)),
        (spellings.header_name, "X-Event-ID", "X-Event-ID"),
        (spellings.database_url, " sqlite:////var/lib/tidings.db ", "sqlite:////var/lib/tidings.db"),
        (
            spellings.database_url,
            "postgresql://a,b/tidings?sslmode=require",
            "postgresql://a,b/tidings?sslmode=require",
        ),
    ],
)
def test_what_is_right_is_read(read: Callable[[object], object], text: object, meant: object) -> None:
    assert read(text) == meant
    assert read(meant) == meant


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (spellings.allow_pairs, "10.0.0.0/99:443"),
        (spellings.allow_pairs, "10.0.0.1"),
        (spellings.ports, ""),
        (spellings.ports, "0"),
        (spellings.ports, "65536"),
        (spellings.ports, "https"),
        (spellings.ports, "9" * 10_000),
        (spellings.name_servers, "dns.example.com"),
        (spellings.name_servers, "127.0.0.1:0"),
        (spellings.rate, "100"),
        (spellings.rate, "0/10"),
        (spellings.rate, "100/0"),
        (spellings.rate, "100/0.0"),
        (spellings.networks, "10.0.0.1/8"),
        (spellings.listen_address, ":9090"),
        (spellings.listen_address, "localhost"),
        (spellings.header_name, "Content-Length"),
        (spellings.header_name, "x-signature"),
        (spellings.header_name, "X Event"),
        (spellings.header_name, "X-Event\r\nX-Other"),
        (spellings.database_url, "sqlite:///"),
        (spellings.database_url, "sqlite:///:memory:"),
        (spellings.database_url, "sqlite:///file::memory:?cache=shared"),
        (spellings.database_url, "sqlite:///tidings.db?mode=ro"),
        (spellings.database_url, 7),
        (spellings.master_keys, "c2hvcnQ="),
        (spellings.master_keys, f"{KEY},nonsense!"),
    ],
)
def test_what_is_wrong_is_refused(read: Callable[[object], object], text: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(text)


def test_the_first_master_key_is_the_newest() -> None:
    other = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="

    keys = spellings.master_keys(f"{KEY}, {other}")

    assert [key.reveal()[:4] for key in keys] == [b"0123", b"fedc"]


def test_a_file_of_certificates_is_read_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "roots.pem"
    file.write_bytes(Authority().pem)

    assert spellings.certificates_file(str(file)) == file


@pytest.mark.parametrize("content", [b"", b"not a certificate", b"\xff\xfe"])
def test_a_file_without_certificates_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "roots.pem"
    file.write_bytes(content)

    with pytest.raises(ValueError, match=r"roots\.pem"):
        spellings.certificates_file(str(file))
