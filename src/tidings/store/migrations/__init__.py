"""Alembic migrations: how a database of an older release gets the schema of this one."""
