"""Standard output as commands know it: it takes what is printed, or says that it did not.

Owns that a full disk under a redirection is told as what it is. Refuses to leave that to the libraries that print: they
know a closed pipe and nothing else, and end the process themselves.
"""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tidings.errors import Misconfigured, TidingsError


class NotPrinted(TidingsError):
    """Standard output did not take what a command printed."""

    code = "not_printed"

    def __init__(self, reason: str, *, therefore: str = "") -> None:
        super().__init__(f"cannot write to standard output: {reason}{therefore and f'; {therefore}'}")
        self.reason = reason


class ReaderLeft(Exception):
    """Whoever reads what is printed has seen enough, like ``head``: nobody is to be told."""


def guard_stdout() -> None:
    """Have all that is printed raise ``NotPrinted`` or ``ReaderLeft`` when it cannot be.

    Raises ``Misconfigured`` without a standard output.
    """
    if sys.stdout is None:
        raise Misconfigured("standard output is closed; send it to a file, or to /dev/null")
    was = sys.stdout
    sys.stdout = _Stdout(was.buffer, encoding=was.encoding, errors=was.errors, line_buffering=was.isatty())


class _Stdout(io.TextIOWrapper):
    def write(self, text: str, /) -> int:
        with _told():
            return super().write(text)

    def flush(self) -> None:
        with _told():
            super().flush()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderLeft from error
    except OSError as error:
        raise NotPrinted(error.strerror or "it is of no use") from error
