"""``python -m tidings`` and the command ``tidings``."""

from tidings.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
