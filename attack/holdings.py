"""Everything that is kept, as text to be compared: what an attack changed, the database shows.

Owns what is left out: the attacker's own key, which must move, the trail of who asked for what, and what the service
writes down of itself.
"""

import sqlite3
from contextlib import closing

from attack.stage import Site

_RESTLESS = (
    *("audit_entries", "backlog", "conditions", "failing_webhooks", "journal", "processes", "statistics", "tallies"),
    "untold_failures",
)


def rows_of(site: Site, *, but_key: str) -> list[str]:
    """Return every row of every table of a SQLite site, but those of ``but_key`` and of the restless tables."""
    file = site.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY 1")
        ]
        return [
            f"{table} {row}"
            for table in tables
            if not table.startswith((*_RESTLESS, "sqlite_"))
            for row in sorted(connection.execute(f"SELECT * FROM {table}"), key=repr)
            if not but_key or but_key not in row
        ]
