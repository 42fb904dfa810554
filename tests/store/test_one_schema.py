"""SQLite and PostgreSQL get the same tables from the same migrations."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Float, Integer, inspect

from support.database_fixtures import opened
from support.postgresql import Cluster
from tidings.store import schema
from tidings.store.tables import metadata


def tables(connection: Connection) -> dict[str, dict[str, object]]:
    """Return what makes up each table, in words that both databases share."""
    inspector = inspect(connection)
    return {
        name: {
            "columns": sorted(map(_column, inspector.get_columns(name))),
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "indexes": sorted(map(_index, inspector.get_indexes(name))),
            "references": sorted(map(_reference, inspector.get_foreign_keys(name))),
        }
        for name in metadata.tables
    }


def _column(found: Mapping[str, Any]) -> tuple[str, str, bool]:
    kind = found["type"].as_generic()
    # SQLite has one kind of whole numbers, whose key of a table must be called INTEGER. How text is compared is each
    # database's own matter.
    name = next((name for known, name in _KINDS.items() if isinstance(kind, known)), str(kind).partition(" ")[0])
    return found["name"], name, found["nullable"]


_KINDS = {Float: "FLOAT", Integer: "INTEGER"}


def _index(found: Mapping[str, Any]) -> tuple[str, bool, str]:
    return found["name"], bool(found["unique"]), str(found["column_names"])


def _reference(found: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(found["constrained_columns"]), found["referred_table"], str(found["referred_columns"])


async def made_at(url: str) -> dict[str, dict[str, object]]:
    database = opened(url)
    await database.write(schema.bring_up_to_date)
    found = await database.read(tables)
    await database.close()
    return found


async def test_both_databases_get_the_same_tables(tmp_path: Path, server: Cluster) -> None:
    with server.database() as url:
        on_postgresql = await made_at(url)
    on_sqlite = await made_at(f"sqlite:///{tmp_path / 'tidings.db'}")
    # SQLite tells a unique constraint as an index without a name of ours; PostgreSQL tells both.
    for found in (on_postgresql, on_sqlite):
        for table in found.values():
            table["indexes"] = [one for one in table["indexes"] if not one[0].startswith("uq_platform_tokens")]  # type: ignore[attr-defined]
    assert on_sqlite == on_postgresql
    assert set(on_sqlite) == set(metadata.tables)
