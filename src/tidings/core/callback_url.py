"""Callback URLs: a grammar stricter than any parser, then one parser that must agree (security.md section 1).

Owns what a partner may register. Refuses a URL that two programs could read as two targets; where its name leads is
judged elsewhere, at every attempt.
"""

import re
from collections.abc import Sequence

import ada_url
from msgspec import Struct

from tidings.core.addresses import Address, AllowPair, is_public
from tidings.core.callback_host import check_name, read_literal
from tidings.errors import InvalidArgument

LONGEST = 2_048
SCHEME = "https://"
DEFAULT_PORT = 443
IPV4 = 4

_AUTHORITY = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?P<port>:.*)?", re.DOTALL)
_PATH_OR_QUERY = re.compile(r"[/?]")
_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_HIGHEST_PORT = 65_535


class EgressRules(Struct, frozen=True):
    """Where deliveries may go: the ports of ordinary addresses, and the operator's exceptions."""

    ports: frozenset[int]
    allow: tuple[AllowPair, ...]

    def admits(self, address: Address, port: int) -> bool:
        """Tell whether a connection may be opened: a special address needs an exception, and so does another port."""
        return (port in self.ports and is_public(address)) or self.excepts(address, port)

    def excepts(self, address: Address, port: int) -> bool:
        """Tell whether the operator made an exception for this address on this port."""
        return any(pair.contains(address, port) for pair in self.allow)

    def knows_port(self, port: int) -> bool:
        """Tell whether any address at all may be reached on this port."""
        return port in self.ports or any(pair.port == port for pair in self.allow)


class CallbackUrl(Struct, frozen=True, kw_only=True):
    """A URL as sent, which is shown, and in its canonical form, which is called.

    ``host`` is in lower case, an IPv6 address in brackets; ``literal`` is the address when the host is one.
    """

    sent: str
    canonical: str
    host: str
    port: int
    literal: Address | None


class _Parts(Struct, frozen=True):
    host: str
    port: int
    literal: Address | None


def parse(url: str, rules: EgressRules) -> CallbackUrl:
    """Return the URL when it obeys every rule; raise `InvalidArgument` that says which one it breaks."""
    parts = _read(url, rules)
    try:
        seen = ada_url.URL(url)
    except ValueError as error:  # pragma: no cover - the grammar refuses all that this version of the parser does
        raise _refusal("must be a valid URL") from error
    if seen.hostname != parts.host:
        raise _refusal("the host must be spelled so that every program reads the same one")
    if seen.pathname.startswith("//"):
        raise _refusal("the path must not start with `//`")
    return CallbackUrl(sent=url, canonical=seen.href, host=parts.host, port=parts.port, literal=parts.literal)


def is_allowlisted(host: str, allowed_hosts: Sequence[str]) -> bool:
    """Tell whether the host is on a partner's list: exactly, case aside; a name does not admit the names below it."""
    return host.lower() in {allowed.lower() for allowed in allowed_hosts}


def parse_host(text: str, rules: EgressRules | None = None) -> str:
    """Return a host for the allowlist in lower case; a literal only where ``rules`` have an exception for it."""
    try:
        literal = read_literal(text)
        if literal is None:
            check_name(text)
    except InvalidArgument as error:
        raise InvalidArgument("host", error.why) from error
    if literal is not None and not _is_excepted(literal, rules):
        raise InvalidArgument("host", "the host must be a name, not an address")
    return text.lower() if literal is None else _spell(literal)


def _is_excepted(literal: Address, rules: EgressRules | None) -> bool:
    return rules is not None and any(literal in pair.network for pair in rules.allow)


def _spell(literal: Address) -> str:
    # As the parser spells the host of a URL, so that the two can be compared.
    return str(ada_url.URL(f"{SCHEME}{literal}/" if literal.version == IPV4 else f"{SCHEME}[{literal}]/").hostname)


def _read(url: str, rules: EgressRules) -> _Parts:
    _check_characters(url)
    host, port = _split_authority(_split(url))
    return _read_host(host, port, rules)


def _check_characters(url: str) -> None:
    if len(url) > LONGEST:
        raise _refusal(f"must not be longer than {LONGEST} characters")
    if not url.isascii():
        raise _refusal("must be ASCII; write an international name as `xn--…`, and other characters as %-escapes")
    if not url.isprintable() or " " in url:
        raise _refusal("must not contain white space or control characters")
    if "\\" in url:
        raise _refusal("must not contain a backslash")
    if "#" in url:
        raise _refusal("must not have a fragment")


def _split(url: str) -> str:
    if not url.startswith(SCHEME):
        raise _refusal("must start with `https://`")
    rest = url.removeprefix(SCHEME)
    end = _PATH_OR_QUERY.search(rest)
    if end is None:
        return rest
    if rest.startswith("//", end.start()):
        raise _refusal("the path must not start with `//`")
    return rest[: end.start()]


def _split_authority(authority: str) -> tuple[str, int]:
    if "@" in authority:
        raise _refusal("must not have a user or password")
    if "%" in authority:
        raise _refusal("the host must not contain `%`")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None or not parts["host"]:
        raise _refusal("must have a host")
    return parts["host"], _port(parts["port"])


def _port(text: str | None) -> int:
    if text is None:
        return DEFAULT_PORT
    if _PORT.fullmatch(text, 1) is None or int(text[1:]) > _HIGHEST_PORT:
        raise _refusal("the port must be a plain number from 1 to 65535")
    return int(text[1:])


def _read_host(host: str, port: int, rules: EgressRules) -> _Parts:
    literal = read_literal(host)
    if literal is None:
        check_name(host)
        if not rules.knows_port(port):
            raise _refusal(f"the port {port} is not allowed")
    elif not rules.excepts(literal, port):
        raise _refusal("the host must be a name, not an address")
    return _Parts(host.lower(), port, literal)


def _refusal(rule: str) -> InvalidArgument:
    return InvalidArgument("url", rule)
