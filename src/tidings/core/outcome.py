"""What happened? Every ending of one HTTP request, as a value.

Owns the fixed list of outcomes (security.md section 5). Refuses to say what follows from them: that is ``verdict``.
"""

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct


class Code(StrEnum):
    """What is stored and shown of an attempt's end; never an exception's text."""

    OK = "ok"
    DNS_FAILED = "dns_failed"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    CONNECT_FAILED = "connect_failed"
    TLS_FAILED = "tls_failed"
    TIMEOUT = "timeout"
    PROTOCOL_ERROR = "protocol_error"
    REDIRECT_REFUSED = "redirect_refused"
    HTTP_STATUS = "http_status"
    LEASE_LOST = "lease_lost"
    INTERNAL_ERROR = "internal_error"


class Answered(Struct, frozen=True):
    """An HTTP answer came; ``retry_after`` is the header's value in seconds, ``excerpt`` the body's first bytes."""

    status: int
    retry_after: int | None = None
    excerpt: bytes = b""


class Unanswered(Struct, frozen=True):
    """No HTTP answer came, and ``code`` says why; it may have arrived all the same."""

    code: Code


class Blocked(Struct, frozen=True):
    """We refused to connect: the host has a forbidden address."""


Outcome: TypeAlias = Answered | Unanswered | Blocked

SUCCESS = range(200, 300)
REDIRECT = range(300, 400)

SENTENCES: dict[Code, str] = {
    Code.OK: "The receiver answered with a success.",
    Code.DNS_FAILED: "The host name could not be resolved.",
    Code.ADDRESS_NOT_ALLOWED: "The host resolves to an address that is not allowed.",
    Code.CONNECT_FAILED: "The connection could not be established.",
    Code.TLS_FAILED: "The TLS handshake failed or the certificate is not valid for this host.",
    Code.TIMEOUT: "The receiver did not answer in the time allowed.",
    Code.PROTOCOL_ERROR: "The receiver's answer was not valid HTTP.",
    Code.REDIRECT_REFUSED: "The receiver answered with a redirect; redirects are not followed.",
    Code.HTTP_STATUS: "The receiver answered with a status that is not a success.",
    Code.LEASE_LOST: "The attempt was interrupted and its result is not known.",
    Code.INTERNAL_ERROR: "The attempt failed on our side.",
}
"""The fixed texts of ``error_message`` (contract.md section 2, test)."""


def code_of(outcome: Outcome) -> Code:
    """Return the fixed word for an outcome."""
    match outcome:
        case Answered(status=status):
            return _code_of_status(status)
        case Unanswered(code=code):
            return code
        case Blocked():  # pragma: no branch - the union is complete, and mypy checks it
            return Code.ADDRESS_NOT_ALLOWED


def status_of(outcome: Outcome) -> int | None:
    """Return the HTTP status, where an HTTP answer came."""
    return outcome.status if isinstance(outcome, Answered) else None


def _code_of_status(status: int) -> Code:
    if status in SUCCESS:
        return Code.OK
    return Code.REDIRECT_REFUSED if status in REDIRECT else Code.HTTP_STATUS
