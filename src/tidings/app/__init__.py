"""The composition root: settings to parts, parts to a running service."""

from tidings.app.installation import context, database, migrate
from tidings.app.service import Role, serve

__all__ = ["Role", "context", "database", "migrate", "serve"]
