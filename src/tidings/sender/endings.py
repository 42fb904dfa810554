"""From the client's errors to our codes.

Owns the only place where an error of the HTTP client is looked into. Refuses to hand on its text: a text may quote
what the receiver sent.
"""

from pyreqwest.exceptions import (
    ClientClosedError,
    DetailedPyreqwestError,
    RequestError,
    RequestPanicError,
    RequestTimeoutError,
)

from tidings.core.outcome import Code

# How the client names the stage at which it failed, in its chain of causes. Tests hold each to a real failure.
_CONNECTING = "client error (Connect)"
_TCP = "tcp connect error"


def code_of_error(error: Exception) -> Code:
    """Return the code for whatever was raised while a request was made."""
    match error:
        case RequestTimeoutError():
            return Code.TIMEOUT
        case ClientClosedError() | RequestPanicError():
            return Code.INTERNAL_ERROR
        case RequestError():
            return _code_of_stage(_stages(error))
        case _:
            return Code.INTERNAL_ERROR


def _stages(error: DetailedPyreqwestError) -> frozenset[str]:
    return frozenset(cause["message"] for cause in error.details["causes"] or ())


def _code_of_stage(stages: frozenset[str]) -> Code:
    if _TCP in stages:
        return Code.CONNECT_FAILED
    return Code.TLS_FAILED if _CONNECTING in stages else Code.PROTOCOL_ERROR
