"""What tests of the engine share."""

from support.workplace_fixtures import authority, receiver, work

__all__ = ["authority", "receiver", "work"]
