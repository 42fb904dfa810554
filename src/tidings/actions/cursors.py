"""Cursors of lists: ids, so that whoever goes on does so behind a row and not behind a number of them."""

import re

from tidings.errors import InvalidArgument


def check_cursor(cursor: str | None, ids: re.Pattern[str]) -> None:
    """Raise InvalidArgument for what no page of a list whose ``ids`` look like that can have given."""
    if cursor is not None and not ids.fullmatch(cursor):
        raise InvalidArgument("cursor", "is not a cursor of this list; take next_cursor of the page before")
