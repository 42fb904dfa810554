"""Errors that no receiver can bring about have their code too."""

import pytest
from pyreqwest.exceptions import ClientClosedError, RequestError, RequestPanicError

from tidings.core.outcome import Code
from tidings.sender.endings import code_of_error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ClientClosedError("closed", {"causes": None}), Code.INTERNAL_ERROR),
        (RequestPanicError("panic", {"causes": None}), Code.INTERNAL_ERROR),
        (RuntimeError("anything"), Code.INTERNAL_ERROR),
        (RequestError("odd", {"causes": None}), Code.PROTOCOL_ERROR),
    ],
)
def test_an_error_has_its_code(error: Exception, code: Code) -> None:
    assert code_of_error(error) is code
