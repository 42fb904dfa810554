"""The arithmetic of ``X-Signature``.

Owns the one place where it is computed, for the sender as well. Refuses to know what time it is.
"""

import binascii
import hmac
from base64 import b64decode
from collections.abc import Iterable, Sequence

from tidings_receiver.errors import InvalidSecret


def header(keys: Iterable[bytes], t: int, body: bytes) -> str:
    """Return the header for a body sent at ``t``, in Unix seconds: one ``v1`` for each key."""
    return f"t={t}," + ",".join([f"v1={signature(key, t, body).hex()}" for key in keys])


def signature(key: bytes, t: int, body: bytes) -> bytes:
    """Return the raw HMAC-SHA256 of ``t``, a dot and the body."""
    return hmac.digest(key, b"%d.%b" % (t, body), "sha256")


def keys_of(secrets: str | Sequence[str]) -> list[bytes]:
    """Return the keys of one secret or several; raise `InvalidSecret` for one that is not base64."""
    texts = [secrets] if isinstance(secrets, str) else secrets
    if not texts:
        raise InvalidSecret("no secret was given")
    return [_key_of(text) for text in texts]


def _key_of(text: str) -> bytes:
    try:
        key = b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidSecret("the secret is not base64; give it as it was shown at registration") from error
    if not key:
        raise InvalidSecret("the secret is empty")
    return key
