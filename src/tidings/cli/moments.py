"""Moments as an option: RFC 3339, or a date."""

from datetime import UTC, datetime
from typing import Annotated, TypeAlias

import typer

from tidings.core.instants import SECOND, Instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(text: str) -> Instant:
    """Read a moment; without an offset it is UTC."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no moment, like 2025-01-15T10:30:00Z or 2025-01-15") from None
    read = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    passed = read - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * SECOND + passed.microseconds


Since: TypeAlias = Annotated[
    Instant | None, typer.Option(parser=moment, metavar="MOMENT", help="Created at this moment or later.")
]
Until: TypeAlias = Annotated[
    Instant | None, typer.Option(parser=moment, metavar="MOMENT", help="Created before this moment.")
]
