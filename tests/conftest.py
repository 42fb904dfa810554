"""What every folder of tests may ask for: databases of both kinds. Nothing is started before it is asked for."""

from support.database_fixtures import (
    clock,
    copies,
    database,
    database_url,
    dialect,
    empty_copies,
    empty_database,
    server,
)

__all__ = ["clock", "copies", "database", "database_url", "dialect", "empty_copies", "empty_database", "server"]
