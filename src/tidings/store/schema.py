"""Which schema a database has, and how it gets the one this release knows.

Owns the running of migrations (Alembic, ``store/migrations``) and the rule of which releases may work on which schema:
a schema names the oldest release schema that still works with it, so that the release before goes on during an upgrade.
Refuses a database whose schema it does not know.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select
from sqlalchemy.exc import DBAPIError

from tidings.checkpoints import Checkpoint, passing
from tidings.errors import Misconfigured, TableHeld
from tidings.store.dialects import give_up_on_tables_after, is_shared, try_to_be_the_one, waited_for_a_table
from tidings.store.tables import schema_floor

_MIGRATIONS = Path(__file__).parent / "migrations"
_PATIENCE_MS = 500
_WORDS_OF_A_STEP = 5
MIGRATION_LOCK = 0x7469_6469_6E67
"""The advisory lock that a migration holds: nobody migrates twice at once."""


def current(connection: Connection) -> str | None:
    """Return the revision of the database's schema, or None when it has none yet."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """Return the revision that this release was built for."""
    return _revisions()[-1]


def pending(connection: Connection) -> list[str]:
    """Return the revisions that are missing, oldest first. Raises ``Misconfigured`` for a schema not known here."""
    revision, known = current(connection), _revisions()
    if revision is None:
        _refuse_anothers(connection)
        return known
    if revision not in known:
        _refuse_newer(connection, revision)
        return []
    return known[known.index(revision) + 1 :]


def upgrade_to(connection: Connection, revision: str) -> None:
    """Run one migration in the caller's transaction.

    Raises ``Misconfigured`` while another process migrates, ``TableHeld`` while another session holds what it changes.
    """
    if not try_to_be_the_one(connection, MIGRATION_LOCK):
        raise Misconfigured("another `tidings migrate` is running on this database; let it finish")
    give_up_on_tables_after(connection, _PATIENCE_MS)
    if revision not in pending(connection):
        return
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except DBAPIError as error:
        if waited_for_a_table(error):
            raise TableHeld(revision, _step(error)) from error
        raise
    passing(Checkpoint.BEFORE_MIGRATION_COMMIT)


def bring_up_to_date(connection: Connection) -> bool:
    """Run all migrations that are missing, in the caller's transaction; return whether there were any."""
    missing = pending(connection)
    for revision in missing:
        upgrade_to(connection, revision)
    return bool(missing)


def refuse_other(connection: Connection) -> None:
    """Raise ``Misconfigured`` unless this release may work on the schema."""
    if pending(connection):
        raise Misconfigured("TIDINGS_DATABASE_URL: the database's schema is not current; run `tidings migrate`")


def _step(error: DBAPIError) -> str:
    # CREATE INDEX name ON table, ALTER TABLE name ADD COLUMN: enough to know the table by.
    return " ".join((error.statement or "").partition("(")[0].split()[:_WORDS_OF_A_STEP])


def _revisions() -> list[str]:
    scripts = ScriptDirectory(str(_MIGRATIONS)).walk_revisions()
    return [script.revision for script in scripts][::-1]


def _refuse_anothers(connection: Connection) -> None:
    # On PostgreSQL extensions may have put tables here; a SQLite file is one program's.
    if not is_shared(connection) and inspect(connection).get_table_names():
        raise Misconfigured("TIDINGS_DATABASE_URL: the file is another program's database; name a file of its own")


def _refuse_newer(connection: Connection, revision: str) -> None:
    floor = None
    if inspect(connection).has_table(schema_floor.name):
        floor = connection.execute(select(schema_floor.c.revision)).scalar()
    if floor is None or floor > head():
        raise Misconfigured(
            f"TIDINGS_DATABASE_URL: the database has schema {revision}, which this release does not know; "
            "run a newer release of Tidings"
        )
