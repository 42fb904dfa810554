"""The composition root: settings to parts, parts to a running service.

Owns what commands need of it; the service itself is in ``app.service``, whose imports take longer than most commands.
"""

from tidings.app.installation import context, database, migrate
from tidings.app.role import Role

__all__ = ["Role", "context", "database", "migrate"]
