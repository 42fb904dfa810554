"""Why a webhook was refused: one class and one stable code for each reason.

Refuses to repeat what the sender sent: these messages may be logged.
"""

from typing import ClassVar


class VerificationError(Exception):
    """A request that must not be acted upon. Answer it with a 4xx."""

    code: ClassVar[str] = "verification_failed"


class MissingSignature(VerificationError):
    """There is no ``X-Signature`` header."""

    code = "missing_signature"


class MalformedSignature(VerificationError):
    """The header is not of the form ``t=…,v1=…``."""

    code = "malformed_signature"


class TimestampOutOfTolerance(VerificationError):
    """The signature is too old, or from the future: a replay, or a clock that is wrong."""

    code = "timestamp_out_of_tolerance"


class SignatureMismatch(VerificationError):
    """No signature of the header was made with this secret over these bytes."""

    code = "signature_mismatch"


class MalformedPayload(VerificationError):
    """Truly signed, but not an event: not JSON, not an object, or without what its type must have."""

    code = "malformed_payload"


class InvalidSecret(ValueError):
    """The secret given to this library is not base64. Nothing is wrong with the request."""

    code: ClassVar[str] = "invalid_secret"
