"""What every folder of tests may ask for: databases of both kinds. Nothing is started before it is asked for."""

from support.database_fixtures import (
    _durable_template,
    clock,
    copies,
    database,
    database_url,
    dialect,
    durable_server,
    empty_copies,
    empty_database,
    server,
    shared_database,
)

__all__ = [
    "_durable_template",
    "clock",
    "copies",
    "database",
    "database_url",
    "dialect",
    "durable_server",
    "empty_copies",
    "empty_database",
    "server",
    "shared_database",
]
