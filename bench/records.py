"""What the database says became of the deliveries, read beside the running service."""

import sqlite3
from contextlib import closing
from pathlib import Path


def count_by_state(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall())


def count_open(database: Path) -> int:
    """Return how many deliveries have not ended."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        ((pending,),) = connection.execute("SELECT count(*) FROM deliveries WHERE state = 'pending'").fetchall()
        ((sent,),) = connection.execute("SELECT count(*) FROM deliveries WHERE state = 'in_flight'").fetchall()
    return int(pending + sent)
