"""The command line: one file for each noun."""

from tidings.cli.main import main

__all__ = ["main"]
