"""Typed facts out; logs and metrics are two readers of them."""
