"""What a process does."""

from enum import StrEnum


class Role(StrEnum):
    """What a process does: take requests, make attempts, or both."""

    ALL = "all"
    API = "api"
    ENGINE = "engine"
