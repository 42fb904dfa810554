"""Every test of the store runs on each database, with one of its own."""

from support.database_fixtures import clock, database, empty_database, template

__all__ = ["clock", "database", "empty_database", "template"]
