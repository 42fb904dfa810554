"""Tidings: signed webhooks that arrive."""

__version__ = "0.1.0"
