"""``python -m tidings`` and the command ``tidings``."""

import gc

# Nothing that is imported is garbage, and it stays: looking for some took a fifth of the time of a short command.
gc.disable()
from tidings.cli import main  # noqa: E402 - see above

gc.freeze()
gc.enable()

__all__ = ["main"]

if __name__ == "__main__":
    main()
