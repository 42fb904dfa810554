"""Named moments in the life of an event, at which a test may stop the process.

Owns their names. In the service, passing one does nothing; a test puts something in its way.
"""

from collections.abc import Callable
from enum import StrEnum


class Checkpoint(StrEnum):
    """A moment between two steps that must be survivable."""

    PARSED = "parsed"
    BEFORE_PUBLISH_COMMIT = "before_publish_commit"
    PUBLISHED = "published"
    ANSWERED = "answered"
    LEASED = "leased"
    BEFORE_CONNECT = "before_connect"
    ANSWER_READ = "answer_read"
    BEFORE_RECORD_COMMIT = "before_record_commit"
    RECORDED = "recorded"
    BEFORE_RESCUE_COMMIT = "before_rescue_commit"
    BEFORE_TELLING_COMMIT = "before_telling_commit"
    BEFORE_PRUNE_COMMIT = "before_prune_commit"
    BEFORE_REDELIVERY_COMMIT = "before_redelivery_commit"
    BEFORE_MIGRATION_COMMIT = "before_migration_commit"
    BEFORE_RESEAL_COMMIT = "before_reseal_commit"


_watchers: list[Callable[[Checkpoint], None]] = []


def watch(call: Callable[[Checkpoint], None]) -> None:
    """Have ``call`` happen at every checkpoint of this process, on the thread that passes it."""
    _watchers.append(call)


def passing(checkpoint: Checkpoint) -> None:
    """Pass a checkpoint."""
    for call in _watchers:
        call(checkpoint)
