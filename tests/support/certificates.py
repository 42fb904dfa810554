"""A certificate authority for tests, and servers' certificates from it.

Owns keys that nobody trusts but the test that hands over ``pem``.
"""

import datetime
import ssl
from pathlib import Path

import trustme

_PAST = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


class Authority:
    """Signs certificates; two authorities do not know each other."""

    def __init__(self) -> None:
        self._ca = trustme.CA()

    @property
    def pem(self) -> bytes:
        """The authority's own certificate: what a client must trust."""
        return self._ca.cert_pem.bytes()

    def write(self, folder: Path) -> Path:
        """Write ``pem`` to a file in ``folder`` and return its path."""
        file = folder / "roots.pem"
        file.write_bytes(self.pem)
        return file

    def server_context(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """Return a server's context with a certificate for ``names``: host names or addresses."""
        leaf = self._ca.issue_cert(*names, not_after=_PAST) if expired else self._ca.issue_cert(*names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        return context
