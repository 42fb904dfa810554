"""URLs that lead, or may lead, to addresses that no delivery may go to: a generator of spellings.

Owns the tricks. Every trick is applied to every famous address, since parsers fail at one digit and not at another.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from attack.special_addresses import FAMOUS_IPV4, FAMOUS_IPV6, RANGES_IPV4, RANGES_IPV6, embedded

_WIDE = {ord(digit): 0xFF10 + int(digit) for digit in "0123456789"} | {ord("."): 0x3002}
_CIRCLED = {ord(digit): 0x245F + int(digit) for digit in "123456789"} | {ord("0"): 0x24EA}
_DOMAIN = "attacker.com"


def urls() -> list[str]:
    """Return every URL once."""
    found: dict[str, None] = {}
    for text in (*FAMOUS_IPV4, *(text.partition("/")[0] for text in RANGES_IPV4)):
        address = IPv4Address(text)
        for host in _ipv4_hosts(address):
            found |= dict.fromkeys(_around(host))
    for text in (*FAMOUS_IPV6, *(text.partition("/")[0] for text in RANGES_IPV6)):
        found |= dict.fromkeys(url for host in _ipv6_hosts(IPv6Address(text)) for url in _around(host))
    found |= dict.fromkeys(_names())
    found |= dict.fromkeys(_tricks())
    return list(found)


def _ipv4_hosts(address: IPv4Address) -> Iterator[str]:
    yield from _numbers(address)
    yield from _disguised(str(address))
    for six in embedded(address):
        yield f"[{six}]"
        yield f"[{six.exploded}]"
    for prefix in ("::ffff:", "::", "64:ff9b::"):
        yield f"[{prefix}{address}]"


def _numbers(address: IPv4Address) -> tuple[str, ...]:
    """Return the address as numbers of every base, in one to four pieces."""
    number, (a, b, c, d) = int(address), address.packed
    return (
        str(address),
        str(number),
        hex(number),
        f"0X{number:X}",
        f"0{number:o}",
        f"{a}.{number & 0xFFFFFF}",
        f"{a}.{b}.{number & 0xFFFF}",
        f"{a}.{b}.{hex(number & 0xFFFF)}",
        ".".join(f"0{part:o}" for part in (a, b, c, d)),
        ".".join(f"{part:#04x}" for part in (a, b, c, d)),
        f"{a:#x}.{b}.0{c:o}.{d}",
        f"{a:03}.{b:03}.{c:03}.{d:03}",
        f"{a}.{b}.{c}.{d + 256}",
        str(number + 2**32),
        f"{a}.{b}..{c}.{d}",
        f"0x{number:08x}.",
    )


def _disguised(text: str) -> tuple[str, ...]:
    """Return the address in letters that a parser may turn into digits and dots."""
    return (
        f"{text}.",
        text.translate(_WIDE),
        text.translate(_CIRCLED),
        "".join(f"%{ord(letter):02X}" for letter in text),
        text.replace(".", "%2e"),
        text.replace(".", "%E3%80%82"),
    )


def _ipv6_hosts(address: IPv6Address) -> Iterator[str]:
    yield f"[{address}]"
    yield f"[{address.exploded}]"
    yield f"[{address.exploded.upper()}]"
    yield f"[{address}%25lo]"
    yield f"[{address}%lo]"
    yield f"[{address}%251]"
    yield str(address)
    yield f"%5B{address}%5D"
    yield f"[{address}]."
    yield f"[0{address}]"
    yield f"[{address}"


def _around(host: str) -> Iterator[str]:
    """Return the URLs that lead to ``host``, or that hide it beside a name that looks ordinary."""
    yield f"https://{host}/"
    yield f"https://{host}:443/latest/meta-data/"
    yield f"https://{host}:8443/"
    yield f"https://{_DOMAIN}@{host}/"
    yield f"https://{host}\\@{_DOMAIN}/"
    yield f"https://{host}#@{_DOMAIN}/"
    yield f"https://{host}%00.{_DOMAIN}/"
    yield f"https://{_DOMAIN}\\.{host}/"


def _names() -> Iterator[str]:
    for name in ("localhost", "LOCALHOST", "ip6-localhost", "metadata", "kubernetes"):
        yield f"https://{name}/"
        yield f"https://{name}./"
    for last in ("local", "localhost", "internal", "intranet", "lan", "home", "corp", "test", "invalid", "example"):
        yield f"https://metadata.{last}/"
        yield f"https://a.b.{last.upper()}:8443/x"
        yield f"https://a.{last}./"
    for name in ("metadata.google.internal", "1.0.0.127.in-addr.arpa", "hidden.onion", "a.home.arpa"):
        yield f"https://{name}/"
    for word in ("http", "https", "ftp", "file", "mailto", "ssh", "git", "svn"):
        yield f"https://{word}/"
        yield f"https://{word}//{_DOMAIN}/"
    for letters in (
        "ⓛocalhost",
        "ｌｏｃａｌｈｏｓｔ",
        "loc\u00adalhost.com",
        "b\u00fccher.com",
        "attacker\u3002com",
        "ﬁ.com",
    ):
        yield f"https://{letters}/"


def _tricks() -> Iterator[str]:
    """Yield what no partner writes and what parsers disagree about."""
    yield from (f"{scheme}{_DOMAIN}/" for scheme in _SCHEMES)
    yield from (f"https://{user}{_DOMAIN}/" for user in _USERS)
    yield from (f"https://{_DOMAIN}:{port}/" for port in _PORTS)
    yield from (f"https://{_DOMAIN}{odd}.evil.com/" for odd in _ODD_IN_HOSTS)
    yield from (f"https://127.0.0.1{odd}{_DOMAIN}/" for odd in _ODD_IN_HOSTS)
    yield from (f"https://{_DOMAIN}/a{odd}b" for odd in _ODD_IN_PATHS)
    yield from (f"https://{_DOMAIN}{path}" for path in _PATHS)
    yield from (f"https://{label}.com/" for label in _LABELS)
    yield from (f"https://{label}.{label}/" for label in _LABELS)
    yield from _WHOLE


_SCHEMES = (
    *("http://", "https:", "ftp://", "file://", "gopher://", "dict://", "ldap://", "ws://", "wss://", "javascript:"),
    *("data:", "jar:https://", "https:/", "https:///", "https:\\\\", "//", "https//", " https://", "\thttps://"),
    *("HTTPS:/", "https:\\", "https:////", "httpſ://", "https://https://"),
)
_USERS = ("user:pass@", "user@", "@", ":@", "127.0.0.1:443@", "user:pa%40ss@", "a@b@")
_PORTS = (
    *("0", "00443", "+443", "443a", "65536", "99999999999", "22", "80", "8080", "-1", "443%20", "", "443:443", " 443"),
    "４４３",
)
_ODD_IN_HOSTS = (
    *("\\", "\t", "\n", "\r\n", " ", "\x00", "\x7f", "%00", "%2f", "%5c", "%40", "%3a", "<", "^", "|", "*", "'", '"'),
    *("[", "]", "{", "`", "~", "!", "$", "&", "(", "+", ",", ";", "="),
)
_ODD_IN_PATHS = ("\t", "\n", "\r", " ", "\x00", "\\", "#", "é", "\u2028")
_PATHS = ("//evil.com/", "//", "/.//x", "/..//x", "/a/..//x", "/%2e//x", "/.%2e//x", "/#/a")
_LABELS = (
    *("-a", "a-", "_", "a" * 64, "", "xn--", "xn--a", "xn--0", "a b", "a,b", "a!b", "a$b", "a;b", "a&b"),
    "xn--55qx5d-",
)
_WHOLE = (
    *("https://", "https:", "", "https://?x", "https://#", "https://single/", "https://a.b1/", "https://a.0x7f/"),
    *("https://1.2.3/", "https://a_b.com/", "https://a.b_c/", f"https://{_DOMAIN}./", f"https://.{_DOMAIN}/"),
    *(f"https://a..{_DOMAIN}/", f"https://{_DOMAIN}/" + "a" * 2048, "https://" + ".".join(["a" * 60] * 5) + ".com/"),
)
