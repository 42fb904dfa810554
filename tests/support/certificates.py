"""A certificate authority for tests, and servers' certificates from it.

Owns keys that nobody trusts but the test that hands over ``pem``.
"""

import datetime
import ssl
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

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


class SelfSigned(Authority):
    """A server's certificate that is its own authority, as ``openssl req -x509`` makes one.

    ``ca`` is what it says of itself in its basic constraints.
    """

    def __init__(self, name: str, *, ca: bool) -> None:
        super().__init__()
        self._key = ec.generate_private_key(ec.SECP256R1())
        itself = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        self._certificate = (
            x509.CertificateBuilder(itself, itself, self._key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    @property
    def pem(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def write_own_files(self, folder: Path) -> tuple[Path, Path]:
        """Write the certificate and its key; return the two files."""
        chain, key = folder / "chain.pem", folder / "key.pem"
        chain.write_bytes(self.pem)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        key.write_bytes(self._key.private_bytes(*form))
        return chain, key
