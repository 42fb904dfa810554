"""What a row of the table is, and what an attack tells of itself.

Owns the count of inputs and the list of what went wrong. Refuses a row that tried nothing: such a row proves nothing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from attack.size import Size
from attack.stage import Stage

_EXAMPLES = 5


class Section(StrEnum):
    """The sections of docs/security.md."""

    URLS = "1. Callback URLs"
    ADDRESSES = "2. Addresses"
    PARTNER_API = "3. The partner API"
    SECRETS = "4. Secrets"
    OUTBOUND = "5. Outbound requests"
    PAGES = "6. Pages"
    ROLES = "7. Roles"
    AUDIT = "8. The audit trail"
    FUZZING = "Fuzzing: every parser of outside input"
    PROXY = "Around it: a reverse proxy and a firewall"


@dataclass
class Tally:
    """How many inputs were tried, what came of them, and everything that should not have."""

    tried: int = 0
    wrong: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def check(self, right: bool, what: object) -> None:  # noqa: FBT001 - as assert
        """Count one input; ``what`` describes it should it have gone wrong."""
        self.tried += 1
        self.hold(right, what)

    def hold(self, right: bool, what: object) -> None:  # noqa: FBT001 - as assert
        """Hold something that must be so beside the inputs."""
        if not right:
            self.wrong.append(str(what)[:300])

    def saw(self, what: str, times: int = 1) -> None:
        self.seen[what] = self.seen.get(what, 0) + times

    def note(self, text: str) -> None:
        """Add a figure or a remark to the row's result."""
        self.notes.append(text)

    @property
    def examples(self) -> list[str]:
        return self.wrong[:_EXAMPLES]


Play: TypeAlias = Callable[[Stage, Size], Awaitable[Tally]]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: what is tried, what must come of it, and the program that tries it."""

    name: str
    section: Section
    attack: str
    expected: str
    play: Play
