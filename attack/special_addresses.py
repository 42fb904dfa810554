"""Addresses that no delivery may ever go to, written down by hand from the registries.

Owns one address or more of every special range, its first and last ones among them, and the neighbours that are
ordinary. Refuses to import the product's table: each checks the other.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

RANGES_IPV4 = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
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
    "168.63.129.16/32",
)
RANGES_IPV6 = (
    "::/128",
    "::1/128",
    "::ffff:0:0/96",
    "::/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "4000::/3",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
)
FAMOUS_IPV4 = (
    "127.0.0.1",
    "10.0.0.5",
    "100.64.0.1",
    "169.254.169.254",  # the metadata service of most clouds
    "169.254.170.2",  # credentials of containers
    "172.16.0.1",
    "192.0.0.192",
    "192.168.0.120",
    "100.100.100.200",  # the metadata service of one more
    "168.63.129.16",  # and of another
    "0.0.0.0",
)
FAMOUS_IPV6 = ("::1", "::", "fd00:ec2::254", "fe80::1", "fec0::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe")
FAMOUS = FAMOUS_IPV4 + FAMOUS_IPV6
ORDINARY = (
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.0.3.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2000::1",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2003::1",
    "2606:4700::1111",
    "2a00:1450::1",
    "3ffe:ffff::1",
)


def every() -> list[str]:
    """Return the famous ones, and first, last and middle of every range, mapped and embedded spellings too."""
    found: dict[str, None] = dict.fromkeys(str(ip_address(text)) for text in FAMOUS)
    for text in RANGES_IPV4:
        for address in _edges(IPv4Network(text)):
            found |= dict.fromkeys([str(address), *map(str, embedded(IPv4Address(address)))])
    for text in RANGES_IPV6:
        found |= dict.fromkeys(str(IPv6Address(address)) for address in _edges(IPv6Network(text)))
    return list(found)


def embedded(address: IPv4Address) -> list[IPv6Address]:
    """Return the IPv6 addresses through which an IPv4 address may be reached by translation or a tunnel."""
    number = int(address)
    return [
        IPv6Address(0xFFFF << 32 | number),  # mapped
        IPv6Address(number),  # compatible
        IPv6Address(0x64FF9B << 96 | number),  # NAT64
        IPv6Address(0x2002 << 112 | number << 80),  # 6to4
        IPv6Address(0x20010000 << 96 | (number ^ 0xFFFFFFFF)),  # Teredo
    ]


def _edges(network: IPv4Network | IPv6Network) -> set[IPv4Address | IPv6Address]:
    middle = network.network_address + network.num_addresses // 2
    return {network.network_address, middle, network.broadcast_address}
