"""Moments as an option: RFC 3339, or a date."""

from datetime import UTC, datetime
from typing import Annotated, TypeAlias

import typer

from tidings.core.instants import Instant, instant_of


def moment(text: str) -> Instant:
    """Read a moment; without an offset it is UTC."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no moment, like 2025-01-15T10:30:00Z or 2025-01-15") from None
    found = instant_of(read if read.tzinfo is not None else read.replace(tzinfo=UTC))
    if found is None:
        raise typer.BadParameter(f"{text!r} is not of the years 1970 to 9999")
    return found


Since: TypeAlias = Annotated[
    Instant | None, typer.Option(parser=moment, metavar="MOMENT", help="Created at this moment or later.")
]
Until: TypeAlias = Annotated[
    Instant | None, typer.Option(parser=moment, metavar="MOMENT", help="Created before this moment.")
]
