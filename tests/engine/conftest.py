"""What tests of the engine share."""

from support.database_fixtures import clock, database, template

__all__ = ["clock", "database", "template"]
