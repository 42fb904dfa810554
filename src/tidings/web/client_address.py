"""Who is calling, as far as an address can tell.

Owns when a forwarding header counts: only what a trusted proxy wrote, read from the right. Refuses to believe the rest.
"""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

from litestar.types import Scope

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_SITE_BITS = 64
"""One customer has at least a /64 of IPv6, and may write any address of it into a packet."""


def client_address(scope: Scope, trusted: Sequence[Network]) -> Address | None:
    """Return the address of whoever our outermost trusted proxy talked to; without proxies, the peer's."""
    peer = scope["client"]
    address = None if peer is None else _peer(peer[0])
    for hop in _hops(scope) if trusted else ():
        if address is None or not _is_in(address, trusted):
            return address
        before = _address(hop)
        if before is None:
            return address
        address = before
    return address


def is_trusted_peer(scope: Scope, trusted: Sequence[Network]) -> bool:
    """Tell whether whoever is connected to us is a proxy whose forwarding headers count."""
    peer = scope["client"]
    address = None if peer is None else _peer(peer[0])
    return address is not None and _is_in(address, trusted)


def caller_of(address: Address | None) -> str:
    """Return what the limit counts by: an IPv4 address, or the /64 of an IPv6 address."""
    match address:
        case None:
            return "unknown"
        case IPv4Address():
            return str(address)
        case IPv6Address():
            return str(IPv6Network((address, _SITE_BITS), strict=False))


def address_text(scope: Scope, trusted: Sequence[Network]) -> str | None:
    address = client_address(scope, trusted)
    return None if address is None else str(address)


def _hops(scope: Scope) -> list[str]:
    """Return the entries of all X-Forwarded-For headers, the newest first."""
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [hop.strip() for hop in reversed(",".join(values).split(","))] if values else []


# Asked for every request, and parsing took 5 µs of it. Only what the system tells is remembered: a header's text may be
# anything, and as long as a head.
_MOST_PEERS = 4096


@lru_cache(maxsize=_MOST_PEERS)
def _peer(text: str) -> Address | None:
    return _address(text)


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
