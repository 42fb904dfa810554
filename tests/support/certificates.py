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

    def client_context(self) -> ssl.SSLContext:
        """Return a client's context that trusts this authority alone."""
        return ssl.create_default_context(cadata=self.pem.decode("ascii"))

    def write_server_files(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write a server's certificate for ``name`` and its key; return the two files."""
        leaf = self._ca.issue_cert(name)
        chain, key = folder / "chain.pem", folder / "key.pem"
        chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        key.write_bytes(leaf.private_key_pem.bytes())
        return chain, key

    def server_context(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """Return a server's context with a certificate for ``names``: host names or addresses."""
        leaf = self._ca.issue_cert(*names, not_after=_PAST) if expired else self._ca.issue_cert(*names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        return context
