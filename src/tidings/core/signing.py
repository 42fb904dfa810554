"""The two signatures of the contract: requests to us (section 4), deliveries by us (section 7).

Owns their arithmetic and the strict comparison. Refuses a second spelling of one signature.
"""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

from tidings_receiver import signing as receiver_signing


def api_sign(secret: bytes, *, target: bytes, nonce: bytes, body: bytes) -> bytes:
    """Return the 64 raw bytes of ``API-Sign``; ``target`` is the request target exactly as received."""
    return hmac.digest(secret, target + sha256(nonce + body).digest(), "sha512")


def is_signed(secret: bytes, *, target: bytes, nonce: bytes, body: bytes, given: bytes) -> bool:
    """Tell in constant time whether ``given``, the header's bytes, is the signature.

    Only the one canonical base64 spelling equals ours, so junk, white space and stray trailing bits all fail here.
    """
    return hmac.compare_digest(b64encode(api_sign(secret, target=target, nonce=nonce, body=body)), given)


def x_signature(secrets: Sequence[bytes], *, t: int, body: bytes) -> str:
    """Return ``X-Signature`` of a delivery sent at ``t``, in Unix seconds, with one ``v1`` for each secret."""
    return receiver_signing.header(secrets, t, body)
