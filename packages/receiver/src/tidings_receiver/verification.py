"""Is this request from the sender who knows the secret, and was it sent just now?

Owns the order of the checks: header, time, signature, and only then the payload. Refuses to parse what is not signed.
"""

import hmac
import time
from collections.abc import Sequence

from tidings_receiver import payload, signature_header, signing
from tidings_receiver.errors import SignatureMismatch, TimestampOutOfTolerance
from tidings_receiver.events import Event
from tidings_receiver.signature_header import SignatureHeader

TOLERANCE = 300
"""Seconds that a signature's time may differ from the receiver's clock."""


def verify(
    body: bytes,
    header: str | None,
    secret: str | Sequence[str],
    *,
    now: float | None = None,
    tolerance: int = TOLERANCE,
) -> Event:
    """Return the event when the request is authentic and fresh; raise a `VerificationError` that says why not.

    ``body`` is the request's raw bytes, ``header`` its ``X-Signature``, ``secret`` one secret or several as shown at
    registration. Raises `InvalidSecret` when a secret is not base64.
    """
    keys = signing.keys_of(secret)
    given = signature_header.read(header)
    _check_time(given.t, _present() if now is None else now, tolerance)
    if not _matches(keys, given, body):
        raise SignatureMismatch("no signature of this request was made with the secret")
    return payload.read(body)


def sign(body: bytes, secret: str | Sequence[str], t: int | None = None) -> str:
    """Return ``X-Signature`` for a body sent at ``t`` in Unix seconds, or now: for tests of a receiver."""
    return signing.header(signing.keys_of(secret), int(_present()) if t is None else t, body)


def _present() -> float:
    return time.time()  # noqa: TID251 - whoever calls this library need not bring a clock


def _check_time(t: int, now: float, tolerance: int) -> None:
    if abs(now - t) > tolerance:
        raise TimestampOutOfTolerance(f"the signature's time differs from this clock by more than {tolerance} s")


def _matches(keys: list[bytes], given: SignatureHeader, body: bytes) -> bool:
    # No early end: how long it takes tells nobody which key or signature matched.
    expected = [signing.signature(key, given.t, body) for key in keys]
    return any([hmac.compare_digest(ours, theirs) for ours in expected for theirs in given.signatures])  # noqa: C419 - see above
