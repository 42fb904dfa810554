"""Callback URLs: a grammar stricter than any parser (contract.md section 3, security.md section 1)."""

from ipaddress import ip_address

import ada_url
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tidings.core.addresses import parse_allow_pair
from tidings.core.callback_url import EgressRules, is_allowlisted, parse, parse_host
from tidings.errors import InvalidArgument

RULES = EgressRules(frozenset({443, 8443}), ())
LAB = EgressRules(
    frozenset({443}), tuple(map(parse_allow_pair, ("127.0.0.0/8:9443", "[fd00::/8]:443", "8.8.8.8:443", "8.8.8.8:53")))
)


def why(url: str, rules: EgressRules = RULES) -> str:
    with pytest.raises(InvalidArgument) as caught:
        parse(url, rules)
    assert caught.value.field == "url"
    return caught.value.why


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/webhook",
        "https://example.com:8443/webhook",
        "https://example.com",
        "https://example.com?token=a%20b&c=d",
        "https://Your-Domain.COM/Hooks/%7Bid%7D;v=1/a//b?x=//y@z:1",
        "https://a.b.c.d.e.f.example.co.uk/" + "x/" * 900,
        "https://my_app.hooks_1.example.com/",
        "https://xn--mnchen-3ya.de/",
        "https://example.xn--p1ai/",
        "https://r3---sn-4g5e6nez.example.com/",
        "https://1.2.3.4.example.com/",
        "https://example.com:443/",
    ],
)
def test_an_ordinary_partners_url_is_taken_and_kept_as_sent(url: str) -> None:
    parsed = parse(url, RULES)
    assert parsed.sent == url
    assert parsed.canonical == ada_url.URL(url).href
    assert parsed.host == parsed.host.lower()
    assert parsed.literal is None


def test_what_is_called_is_the_canonical_form() -> None:
    parsed = parse("https://Example.COM:443/a/./b/../c?q", RULES)
    assert (parsed.canonical, parsed.host, parsed.port) == ("https://example.com/a/c?q", "example.com", 443)
    assert parse("https://example.com:8443", RULES).canonical == "https://example.com:8443/"


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("http://example.com/webhook", "must start with `https://`"),
        ("HTTPS://example.com/", "must start with `https://`"),
        ("https:/example.com/", "must start with `https://`"),
        ("https:example.com", "must start with `https://`"),
        ("invalid-url", "must start with `https://`"),
        ("", "must start with `https://`"),
        ("https://https//example.com", "path must not start with `//`"),
        ("https://https/example.com", "name of a scheme"),
        ("https://FTP:8443/", "name of a scheme"),
        ("https://", "must have a host"),
        ("https:///path", "must have a host"),
        ("https://?q", "must have a host"),
        ("https://:443/", "must have a host"),
        ("https://[::1", "must have a host"),
        ("https://a]b.com", "must have a host"),
        ("https://user:pass@example.com/webhook", "user or password"),
        ("https://user@example.com/", "user or password"),
        ("https://@example.com/", "user or password"),
        ("https://example.com\\@evil.com/", "backslash"),
        ("https://example.com/a\\b", "backslash"),
        ("https://example.com/#", "fragment"),
        ("https://example.com#@evil.com/", "fragment"),
        ("https://exa mple.com/", "white space"),
        (" https://example.com/", "white space"),
        ("https://example.com/\n", "white space"),
        ("https://exam\tple.com/", "white space"),
        ("https://example.com/\x00", "control characters"),
        ("https://example.com/\x7f", "control characters"),
        ("https://exämple.com/", "ASCII"),
        ("https://example.com/ü", "ASCII"),
        ("https://ⓔxample.com/", "ASCII"),
        ("https://example。com/", "ASCII"),
        ("https://ex%61mple.com/", "must not contain `%`"),
        ("https://example.com%2f@evil.com", "user or password"),
        ("https://example.com//webhook", "path must not start with `//`"),
        ("https://example.com/.//webhook", "path must not start with `//`"),
        ("https://example.com/a/..//webhook", "path must not start with `//`"),
        ("https://example.com/%2e//webhook", "path must not start with `//`"),
        ("https://example.com:/", "plain number"),
        ("https://example.com:0443/", "plain number"),
        ("https://example.com:0/", "plain number"),
        ("https://example.com:65536/", "plain number"),
        ("https://example.com:443:443/", "plain number"),
        ("https://example.com:+443/", "plain number"),
        ("https://example.com:22/", "port 22 is not allowed"),
        ("https://example.com:80/", "port 80 is not allowed"),
        ("https://example.com./", "must not end in a dot"),
        ("https://localhost/", "full domain name"),
        ("https://com/", "full domain name"),
        ("https://example..com/", "letters, digits and hyphens"),
        ("https://.example.com/", "letters, digits and hyphens"),
        ("https://-a.example.com/", "letters, digits and hyphens"),
        ("https://a-.com/", "letters, digits and hyphens"),
        ("https://a_b.com/", "letters, digits and hyphens"),
        ("https://a,b.example.com/", "letters, digits and hyphens"),
        ("https://" + "a" * 64 + ".com/", "letters, digits and hyphens"),
        ("https://" + "a." * 126 + "com/", "longer than 253"),
        ("https://example.c0m/", "last label"),
        ("https://example.com-/", "letters, digits and hyphens"),
        ("https://xn--a.com/", "international name"),
        ("https://xn--99999999.com/", "international name"),
        ("https://example.xn--ls8/", "international name"),
        ("https://xn--www-hoa.example.com/" + "x" * 2048, "longer than 2048"),
        ("https://db.internal/", "names in `internal`"),
        ("https://a.LOCAL/", "names in `local`"),
        ("https://a.localhost/", "names in `localhost`"),
        ("https://1.0.0.127.in-addr.arpa/", "names in `arpa`"),
        ("https://www.example/", "names in `example`"),
        ("https://127.0.0.1/", "name, not an address"),
        ("https://8.8.8.8/", "name, not an address"),
        ("https://[::1]/", "name, not an address"),
        ("https://127.1/", "unusual spelling"),
        ("https://0x7f000001/", "unusual spelling"),
        ("https://0x7f.0.0.1/", "unusual spelling"),
        ("https://2130706433/", "unusual spelling"),
        ("https://0177.0.0.1/", "unusual spelling"),
        ("https://127.0.0.0x/", "unusual spelling"),
        ("https://127.0.0.256/", "unusual spelling"),
        ("https://[::1%25eth0]/", "must not contain `%`"),
        ("https://[::1::]/", "not an IPv6 address"),
        ("https://[fd00::x]/", "unusual spelling"),
        ("https://[]/", "unusual spelling"),
        ("https://[::1]x/", "must have a host"),
    ],
)
def test_a_url_that_breaks_a_rule_is_refused_with_the_rule(url: str, rule: str) -> None:
    assert rule in why(url)


def test_a_url_may_have_2048_characters() -> None:
    url = "https://example.com/".ljust(2048, "x")
    assert parse(url, RULES).sent == url
    assert "longer" in why(url + "x")


@pytest.mark.parametrize(
    ("url", "literal"),
    [("https://127.0.0.1:9443/x", "127.0.0.1"), ("https://[FD00::1]/", "fd00::1"), ("https://8.8.8.8/", "8.8.8.8")],
)
def test_a_literal_needs_an_exception_for_its_address_and_port(url: str, literal: str) -> None:
    parsed = parse(url, LAB)
    assert parsed.literal == ip_address(literal)
    assert parsed.canonical == url.lower()
    assert "not an address" in why(url)


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://127.0.0.1:53/", "https://[fd00::1]:9443/"])
def test_an_exception_for_another_port_is_none(url: str) -> None:
    assert "not an address" in why(url, LAB)


@pytest.mark.parametrize("url", ["https://[fd00:0::1]/", "https://[fd00::0001]/", "https://[fd00::1.2.3.4]/"])
def test_a_literal_that_is_not_spelled_as_the_parser_spells_it_is_refused(url: str) -> None:
    assert "every program" in why(url, LAB)


def test_a_name_may_use_a_port_that_some_exception_has() -> None:
    assert parse("https://example.com:9443/", LAB).port == 9443
    assert "not allowed" in why("https://example.com:9444/", LAB)


def test_special_addresses_and_other_ports_are_admitted_by_exceptions_only() -> None:
    public, private = ip_address("93.184.216.34"), ip_address("127.0.0.1")
    assert LAB.admits(public, 443)
    assert not LAB.admits(public, 9443)
    assert not LAB.admits(private, 443)
    assert LAB.admits(private, 9443)
    assert LAB.admits(ip_address("8.8.8.8"), 53)
    assert not RULES.admits(private, 9443)


@given(st.text(alphabet="htps:/.[]@%?#\\ -_0x1a7fcom\n", max_size=30).map("https://".__add__) | st.text(max_size=30))
@example("https://a.xn--")
@example("https://xn--.com")
@example("https://1.a.xn--/")
def test_what_is_taken_is_a_public_https_url_to_the_parser_too(url: str) -> None:
    try:
        parsed = parse(url, RULES)
    except InvalidArgument:
        return
    seen = ada_url.URL(parsed.canonical)
    assert (seen.protocol, seen.hostname, seen.username, seen.hash) == ("https:", parsed.host, "", "")
    assert ada_url.URL(seen.href).href == parsed.canonical
    assert "." in parsed.host


def test_the_allowlist_is_exact_but_for_case() -> None:
    assert is_allowlisted("Hooks.Example.com", ["hooks.example.COM"])
    assert not is_allowlisted("a.hooks.example.com", ["hooks.example.com"])
    assert not is_allowlisted("example.com", ["hooks.example.com"])
    assert not is_allowlisted("example.com", [])


def test_a_host_for_the_allowlist_is_a_name_in_lower_case() -> None:
    assert parse_host("Hooks.Example.com") == "hooks.example.com"


@pytest.mark.parametrize(
    "text", ["", "*.example.com", "example.com:443", "https://example.com", "localhost", "a b.com", "127.1"]
)
def test_what_is_no_host_is_not_put_on_the_allowlist(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_host(text)
    assert caught.value.field == "host"


@pytest.mark.parametrize(("text", "spelled"), [("127.0.0.1", "127.0.0.1"), ("[FD00:0::1]", "[fd00::1]")])
def test_an_address_is_put_on_the_allowlist_only_with_an_exception(text: str, spelled: str) -> None:
    assert parse_host(text, LAB) == spelled
    for rules in (RULES, None):
        with pytest.raises(InvalidArgument, match="not an address"):
            parse_host(text, rules)


def test_a_literal_on_the_allowlist_is_the_host_of_its_url() -> None:
    assert is_allowlisted(parse("https://[FD00::1]/", LAB).host, [parse_host("[fd00:0::1]", LAB)])
