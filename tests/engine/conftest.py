"""What tests of the engine share."""

from support.workplace_fixtures import authority, other, receiver, work

__all__ = ["authority", "other", "receiver", "work"]
