"""Warm HTTP clients, each pinned to one vetted address of one host.

Owns how a client is made, and when it is closed. Refuses to let a client resolve, follow, decompress or trust anything
that we did not hand it. A client costs 4 ms and 120 KiB to make, nearly all of it for the system's trusted roots, so it
is kept while it is used (``Warmth`` says which ones).
"""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_address

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import BuilderError

from tidings.errors import Misconfigured
from tidings.sender.warmth import Destination, Warmth

_CONNECT_WITHIN = timedelta(seconds=10)
# Below the idle time of common servers (5 s and more): a connection that the receiver is about to close is not used.
_IDLE_FOR = timedelta(seconds=4)
_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_NOT_PEM = "the further trusted roots are not PEM certificates"


class Warm:
    """A client and how many requests it has under way."""

    __slots__ = ("client", "destination", "evicted", "in_use")

    def __init__(self, destination: Destination, client: Client) -> None:
        self.destination = destination
        self.client = client
        self.in_use = 0
        self.evicted = False


class Clients:
    """At most ``most`` warm clients, each for one destination."""

    def __init__(self, *, most: int, roots_pem: bytes | None) -> None:
        """Raises ``Misconfigured`` when ``roots_pem`` is not a list of certificates."""
        _check(roots_pem)
        self._roots_pem = roots_pem
        self._warm: dict[Destination, Warm] = {}
        self._warmth = Warmth(most=most)
        self._closing: set[asyncio.Task[None]] = set()

    def borrow(self, destination: Destination) -> Warm:
        """Return the client for ``destination``. Whoever borrows gives back."""
        warm = self._warm.get(destination)
        if warm is None:
            warm = self._warm[destination] = Warm(destination, _pinned(destination, self._roots_pem))
        warm.in_use += 1
        self._evict(self._warmth.used(destination))
        return warm

    def give_back(self, warm: Warm, *, answered: bool) -> None:
        """End one use; an evicted client is closed after its last. ``answered`` tells whether the host spoke HTTP."""
        warm.in_use -= 1
        self._evict(self._warmth.ended(warm.destination, answered=answered))
        if warm.evicted and not warm.in_use:
            self._end(warm)

    async def close(self) -> None:
        """Close every client; requests under way end with an error."""
        while self._warm:
            _, warm = self._warm.popitem()
            self._end(warm)
        await asyncio.gather(*self._closing)

    def _evict(self, destinations: Iterable[Destination]) -> None:
        for destination in destinations:
            warm = self._warm.pop(destination, None)
            # None after ``close``: a request that was under way is given back to nobody.
            if warm is not None:
                warm.evicted = True
                if not warm.in_use:
                    self._end(warm)

    def _end(self, warm: Warm) -> None:
        task = asyncio.get_running_loop().create_task(warm.client.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _pinned(destination: Destination, roots_pem: bytes | None) -> Client:
    host, port, address = destination
    builder = _builder(roots_pem)
    # A literal is never looked up, and a mapping for one would never be used.
    return (builder if _is_literal(host) else builder.resolve(host, address, port)).build()


def _builder(roots_pem: bytes | None) -> ClientBuilder:
    builder = (
        ClientBuilder()
        .no_proxy()
        .https_only(True)  # noqa: FBT003 - the client's own way
        .http1_only()
        .min_tls_version("TLSv1.2")
        .follow_redirects(False)  # noqa: FBT003
        .referer(False)  # noqa: FBT003
        .default_cookie_store(False)  # noqa: FBT003
        .gzip(False)  # noqa: FBT003
        .brotli(False)  # noqa: FBT003
        .zstd(False)  # noqa: FBT003
        .deflate(False)  # noqa: FBT003
        .connect_timeout(_CONNECT_WITHIN)
        .pool_idle_timeout(_IDLE_FOR)
        .default_headers({"Accept": "*/*", "Accept-Encoding": "identity"})
    )
    return builder if roots_pem is None else builder.add_root_certificate_pem(roots_pem)


def _check(roots_pem: bytes | None) -> None:
    if roots_pem is None:
        return
    # A text without any certificate is no error to the client, but it is one to whoever named it.
    if _CERTIFICATE not in roots_pem:
        raise Misconfigured(_NOT_PEM)
    try:
        _builder(roots_pem).build()
    except (BuilderError, ValueError):
        raise Misconfigured(_NOT_PEM) from None


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
