"""``tidings demo``: the whole story on this machine alone."""

from tidings.cli.demo.command import demo

__all__ = ["demo"]
