"""How settings are spelt.

Owns the reading of every setting that is more than a number or a word. Each reader takes what the environment or the
file gave, or a value that is right already, and raises ValueError with what would be right.
"""

import base64
import binascii
import re
import ssl
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path

from msgspec import Struct

from tidings.core.addresses import AllowPair, parse_allow_pair, parse_network
from tidings.core.rate import Rate
from tidings.core.secret import Secret
from tidings.errors import InvalidArgument

_KEY_LENGTH = 32
_WHAT_A_KEY_IS = "must be base64 of 32 bytes, or a comma list of such keys; `openssl rand -base64 32` makes one"
_SIGNING_LENGTHS = range(24, 65)
_WHAT_SIGNS = "must be base64 of 24 to 64 bytes; `openssl rand -base64 32` makes one"
_HIGHEST_PORT = 65_535
_DATABASE = re.compile(r"sqlite:///.+|postgres(ql)?://.+", re.DOTALL)
_RATE = re.compile(r"([1-9][0-9]{0,8})/([0-9]{1,9}(?:\.[0-9]{1,9})?)")
_HTTP = re.compile(r"https?://[!-~]+")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_HEADERS_OF_OURS = frozenset({"content-type", "user-agent", "x-signature", "x-webhook-event", "x-webhook-id"})
_HEADERS_OF_HTTP = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_TAKEN_HEADERS = _HEADERS_OF_OURS | _HEADERS_OF_HTTP


class ListenAddress(Struct, frozen=True):
    """Where a listener listens."""

    host: str
    port: int


def database_url(raw: object) -> str:
    """Read where everything is kept."""
    text = _text(raw)
    if _DATABASE.fullmatch(text) is None:
        # The text is not shown: it may hold a password.
        raise ValueError("must be sqlite:///FILE or postgresql://…")
    if text.startswith("sqlite:"):
        _refuse_other_than_a_file(text)
    return text


def master_keys(raw: object) -> tuple[Secret, ...]:
    """Read the keys that seal secrets, the newest first."""
    return tuple(item if isinstance(item, Secret) else _master_key(item) for item in _items(raw))


def allow_pairs(raw: object) -> tuple[AllowPair, ...]:
    """Read pairs of a network and a port."""
    return tuple(item if isinstance(item, AllowPair) else _allow_pair(_text(item)) for item in _items(raw))


def certificates_file(raw: object) -> Path | None:
    """Read the name of a file, and judge that certificates can be read from it now rather than at the first attempt."""
    if raw is None:
        return None
    path = raw if isinstance(raw, Path) else Path(_text(raw))
    try:
        pem = path.read_text("ascii")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except OSError as error:
        raise ValueError(f"cannot read certificates from {path}: {error.strerror or 'not a certificate'}") from error
    except ValueError as error:
        raise ValueError(f"{path} is not a PEM file of certificates") from error
    return path


def ports(raw: object) -> frozenset[int]:
    """Read a list of ports."""
    found = frozenset(_port(str(item).strip()) for item in _items(raw))
    if not found:
        raise ValueError("must name a port at least, like 443,8443")
    return found


def name_servers(raw: object) -> tuple[str, ...]:
    """Read a list of name servers."""
    return tuple(_name_server(_text(item)) for item in _items(raw))


def rate(raw: object) -> Rate:
    """Read a burst and a number per second."""
    if isinstance(raw, Rate):
        return raw
    found = _RATE.fullmatch(_text(raw))
    if found is None or float(found[2]) == 0:
        raise ValueError("must be a burst and a number per second, like 100/10")
    return Rate(int(found[1]), float(found[2]))


def networks(raw: object) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read a list of networks."""
    return tuple(item if isinstance(item, IPv4Network | IPv6Network) else _network(_text(item)) for item in _items(raw))


def listen_address(raw: object) -> ListenAddress | None:
    """Read a host and a port."""
    if raw is None or isinstance(raw, ListenAddress):
        return raw
    host, colon, port = _text(raw).rpartition(":")
    if not colon or not host.strip("[]"):
        raise ValueError("must be host:port, like 127.0.0.1:9090")
    return ListenAddress(host.removeprefix("[").removesuffix("]"), _port(port))


def header_name(raw: object) -> str | None:
    """Read the name of a header that nothing else uses."""
    if raw is None:
        return None
    name = _text(raw)
    if _HEADER.fullmatch(name) is None:
        raise ValueError("must be a header's name: letters, digits and hyphens, like X-Event-ID")
    if name.lower() in _TAKEN_HEADERS:
        raise ValueError(f"{name} has a meaning already; take another, like X-Event-ID")
    return name


def maybe_text(raw: object) -> str | None:
    """Read a text that need not be there."""
    return None if raw is None else _text(raw)


def http_url(raw: object) -> str | None:
    """Read where a collector of traces is."""
    if raw is None:
        return None
    text = _text(raw)
    if _HTTP.fullmatch(text) is None:
        # Not shown: it may hold a password.
        raise ValueError("must be http://HOST:PORT or https://HOST:PORT")
    return text


def signing_secret(raw: object) -> Secret | None:
    """Read the secret that requests to the operations' own receiver are signed with."""
    if raw is None or isinstance(raw, Secret):
        return raw
    try:
        secret = base64.b64decode(_text(raw), validate=True)
    except binascii.Error:
        raise ValueError(_WHAT_SIGNS) from None
    if len(secret) not in _SIGNING_LENGTHS:
        raise ValueError(_WHAT_SIGNS)
    return Secret(secret)


def spelt(seconds: float) -> str:
    """Return a number as people write it: no exponent, and no fraction where there is none."""
    return f"{seconds:.15g}"


def _refuse_other_than_a_file(url: str) -> None:
    if ":memory:" in url:
        raise ValueError("a database in memory would lose everything with the process; write sqlite:///FILE")
    if "?" in url:
        raise ValueError("sqlite:///FILE takes no parameters; end it with the file's name, without a question mark")


def _items(raw: object) -> Sequence[object]:
    """Split a comma list; what a TOML file gives as a list is one already."""
    match raw:
        case str():
            return [item for item in (part.strip() for part in raw.split(",")) if item]
        case list() | tuple() | set() | frozenset():
            return tuple(raw)
        case _:
            return (raw,)


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise ValueError("must be text")  # noqa: TRY004 - pydantic reads ValueError only
    return raw.strip()


def _master_key(raw: object) -> Secret:
    try:
        key = base64.b64decode(_text(raw), validate=True)
    except binascii.Error:
        raise ValueError(_WHAT_A_KEY_IS) from None
    if len(key) != _KEY_LENGTH:
        raise ValueError(_WHAT_A_KEY_IS)
    return Secret(key)


def _allow_pair(text: str) -> AllowPair:
    try:
        return parse_allow_pair(text)
    except InvalidArgument as error:
        raise ValueError(error.why) from error


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= _HIGHEST_PORT and len(text) < 6):  # noqa: PLR2004 - digits
        raise ValueError(f"{text[:20]!r} is no port: 1 to {_HIGHEST_PORT}")
    return int(text)


def _name_server(text: str) -> str:
    host, port = text, ""
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    try:
        ip_address(host)
    except ValueError:
        raise ValueError(f"{text!r} is no name server, like 192.0.2.53 or 192.0.2.53:5353") from None
    if port:
        _port(port)
    return text


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return parse_network(text, field="trusted_proxies")
    except InvalidArgument as error:
        raise ValueError(error.why) from error
