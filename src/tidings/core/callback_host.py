"""The host of a callback URL: a dotted name of the public internet, or a literal that an exception admits.

Owns the grammar of names and literals (security.md section 1). Refuses every spelling that two parsers could read as
two hosts: numeric forms, trailing dots, single labels, names that are not sent to public name servers.
"""

import re
from ipaddress import IPv4Address, IPv6Address

from ada_url import idna

from tidings.core.addresses import Address
from tidings.errors import InvalidArgument

LONGEST_NAME = 253

SCHEME_WORDS = frozenset({"http", "https", "ftp", "file", "mailto", "ssh", "git", "svn"})
SPECIAL_USE = frozenset(
    {
        "arpa",
        "corp",
        "example",
        "home",
        "internal",
        "intranet",
        "invalid",
        "lan",
        "local",
        "localhost",
        "onion",
        "test",
    }
)

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE | re.ASCII)
_SUB_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE | re.ASCII)
_LAST_LABEL = re.compile(r"[a-z]+|xn--[a-z0-9-]+", re.IGNORECASE | re.ASCII)
_NUMERIC = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.IGNORECASE | re.ASCII)
_IPV6 = re.compile(r"\[[0-9a-f:.]+\]", re.IGNORECASE | re.ASCII)
_LABELS_WITHOUT_UNDERSCORE = 2


def read_literal(host: str) -> Address | None:
    """Return the address that ``host`` spells canonically, or None when it is not an address at all.

    Raises `InvalidArgument` for every other spelling of an address: ``127.1``, ``0x7f000001``, ``[::1%eth0]``.
    """
    if host.startswith("["):
        return _ipv6(host)
    if _NUMERIC.fullmatch(host):
        return _ipv4(host)
    return None


def check_name(host: str) -> None:
    """Raise `InvalidArgument` unless ``host`` is a name that public name servers may be asked for."""
    if host.lower() in SCHEME_WORDS:
        raise _refusal("the host must not be the name of a scheme")
    if len(host) > LONGEST_NAME:
        raise _refusal(f"the host must not be longer than {LONGEST_NAME} characters")
    if host.endswith("."):
        raise _refusal("the host must not end in a dot")
    labels = host.split(".")
    if len(labels) == 1:
        raise _refusal("the host must be a full domain name")
    _check_labels(labels)
    if labels[-1].lower() in SPECIAL_USE:
        raise _refusal(f"the host must be public, and names in `{labels[-1].lower()}` are not")


def _check_labels(labels: list[str]) -> None:
    registered = labels[-_LABELS_WITHOUT_UNDERSCORE:]
    below = labels[:-_LABELS_WITHOUT_UNDERSCORE]
    if not all(map(_SUB_LABEL.fullmatch, below)) or not all(map(_LABEL.fullmatch, registered)):
        raise _refusal("the host must be labels of letters, digits and hyphens, separated by single dots")
    if _LAST_LABEL.fullmatch(labels[-1]) is None:
        raise _refusal("the last label of the host must be letters only, or begin with `xn--`")
    if not all(_is_a_label(label) for label in labels if label.lower().startswith("xn--")):
        raise _refusal("a label of the host that begins with `xn--` must spell an international name")


def _is_a_label(label: str) -> bool:
    name = idna.decode(label.lower())
    return not name.isascii() and idna.encode(name) == label.lower().encode()


def _ipv4(host: str) -> IPv4Address:
    try:
        return IPv4Address(host)
    except ValueError as error:
        raise _refusal("the host must not be an address in an unusual spelling") from error


def _ipv6(host: str) -> IPv6Address:
    if _IPV6.fullmatch(host) is None:
        raise _refusal("the host must not be an address in an unusual spelling")
    try:
        return IPv6Address(host[1:-1])
    except ValueError as error:
        raise _refusal("the host is not an IPv6 address") from error


def _refusal(rule: str) -> InvalidArgument:
    return InvalidArgument("url", rule)
