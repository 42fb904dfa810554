"""Which addresses deliveries may go to (security.md section 2).

Owns the table of special addresses and the operator's exceptions. Refuses to rely on `ipaddress.is_global`, whose
verdicts differ between patch releases of Python.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import TypeAlias

from msgspec import Struct

from tidings.errors import InvalidArgument

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
_Range: TypeAlias = tuple[int, int]

# A name with more answers than this is refused: a rebinding attack needs room.
MOST_ANSWERS = 16

BLOCKED_IPV4: tuple[IPv4Network, ...] = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # answers as the metadata service on one cloud, although it is a public address
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
ALLOWED_IPV6 = IPv6Network("2000::/3")
BLOCKED_IPV6: tuple[IPv6Network, ...] = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)

_PORT = re.compile(r"[1-9][0-9]{0,4}")
_NETWORK = re.compile(r"(?P<address>[0-9.]+|\[[0-9a-fA-F:.]+\]|[0-9a-fA-F:.]+(?=/))(?:/(?P<prefix>[0-9]{1,3}))?")
_BRACKETED_NETWORK = re.compile(r"\[([0-9a-fA-F:.]+/[0-9]{1,3})\]")
_HIGHEST_PORT = 65_535
_FIELD = "egress_allow"


class AllowPair(Struct, frozen=True):
    """The operator's exception: every address of ``network``, on this one port."""

    network: Network
    port: int

    def contains(self, address: Address, port: int) -> bool:
        """Tell whether this exception is about that address and port."""
        return port == self.port and address in self.network


def parse_allow_pair(text: str) -> AllowPair:
    """Read ``CIDR:port``, where IPv6 may stand in brackets; raise `InvalidArgument` on any other spelling."""
    network, colon, port = text.rpartition(":")
    if not colon or not network:
        raise InvalidArgument(_FIELD, f"`{text}` is no pair of a network and a port, like 10.1.2.3/32:443")
    return AllowPair(_unbracketed(network), _port(port, text))


def parse_network(text: str, *, field: str) -> Network:
    """Read a network in CIDR; raise `InvalidArgument` with what would be right."""
    try:
        return ip_network(text)
    except ValueError as error:
        raise InvalidArgument(field, _why_no_network(text)) from error


def is_public(address: Address) -> bool:
    """Tell whether an address is an ordinary one of the internet."""
    number = int(address)
    if isinstance(address, IPv4Address):
        return not _is_within(number, _BLOCKED_IPV4)
    # An address with a zone means an interface of this machine.
    return address.scope_id is None and _is_within(number, _ALLOWED_IPV6) and not _is_within(number, _BLOCKED_IPV6)


def is_allowed(address: Address, port: int, allow: tuple[AllowPair, ...]) -> bool:
    """Tell whether a connection may go there: to an ordinary address, or by an exception."""
    return is_public(address) or any(pair.contains(address, port) for pair in allow)


def _unbracketed(text: str) -> Network:
    bracketed = _BRACKETED_NETWORK.fullmatch(text)
    spelled = bracketed[1] if bracketed else text
    if _NETWORK.fullmatch(spelled) is None:
        raise InvalidArgument(_FIELD, f"`{text}` is no network, like 10.1.2.3/32")
    return parse_network(spelled.replace("[", "").replace("]", ""), field=_FIELD)


def _why_no_network(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return f"`{text}` is no network, like 10.0.0.0/8"
    alone = f"{text.partition('/')[0]}/{network.max_prefixlen}"
    return f"`{text}` is an address inside its network: write {network} for all of it, or {alone} for this one alone"


def _port(text: str, whole: str) -> int:
    if _PORT.fullmatch(text) is None or int(text) > _HIGHEST_PORT:
        raise InvalidArgument(_FIELD, f"`{whole}` does not end in a port, such as `:443`")
    return int(text)


def _range(network: Network) -> _Range:
    return int(network.network_address), int(network.broadcast_address)


def _is_within(number: int, ranges: tuple[_Range, ...]) -> bool:
    return any(first <= number <= last for first, last in ranges)


# Numbers, because every attempt asks: comparing them costs a tenth of asking the networks.
_BLOCKED_IPV4 = tuple(map(_range, BLOCKED_IPV4))
_ALLOWED_IPV6 = (_range(ALLOWED_IPV6),)
_BLOCKED_IPV6 = tuple(map(_range, BLOCKED_IPV6))
