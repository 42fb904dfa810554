"""What tests of actions share."""

from support.workplace_fixtures import authority, receiver, work

__all__ = ["authority", "receiver", "work"]
