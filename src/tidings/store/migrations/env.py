"""Runs migrations on the connection, and inside the transaction, that ``store.schema`` hands over."""

from alembic import context

from tidings.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
