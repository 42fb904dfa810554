"""Where an error happened, told without its text: a text may quote a secret or a body."""

from pathlib import Path
from traceback import walk_tb

_PACKAGE = Path(__file__).resolve().parent.parent


def place_of(error: BaseException) -> str:
    """Return ``module.py:line`` of the innermost frame in our own package, else of the innermost of all.

    A path inside the package is told relative to it. Empty when the error was never raised.
    """
    frames = [(Path(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    own = [(path.relative_to(_PACKAGE), line) for path, line in frames if path.is_relative_to(_PACKAGE)]
    if own:
        path, line = own[-1]
        return f"{path.as_posix()}:{line}"
    if frames:
        path, line = frames[-1]
        return f"{path.name}:{line}"
    return ""
