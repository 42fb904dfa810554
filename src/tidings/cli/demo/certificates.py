"""A certificate authority for one demo, and the one certificate it ever signs."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec import Struct

from tidings.core.instants import SECOND, Instant

_MARGIN = timedelta(days=1)


class Certificates(Struct, frozen=True):
    """``roots`` is a PEM file for the service; ``server`` is for a receiver on 127.0.0.1."""

    roots: Path
    server: ssl.SSLContext


def make_certificates(folder: Path, now: Instant) -> Certificates:
    """Make an authority and a certificate of it for 127.0.0.1, valid for a day."""
    moment = datetime.fromtimestamp(now // SECOND, UTC)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = (
        _certificate("Tidings demo authority", "Tidings demo authority", authority_key, moment)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        _certificate("Tidings demo receiver", "Tidings demo authority", key, moment)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    roots = folder / "authority.pem"
    roots.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    return Certificates(roots, _server_context(folder / "receiver.pem", leaf, key))


def _certificate(
    subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, moment: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - _MARGIN)
        .not_valid_after(moment + _MARGIN)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _server_context(file: Path, leaf: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.touch(mode=0o600)
    file.write_bytes(private + leaf.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
