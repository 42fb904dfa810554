"""``tidings migrate``: the schema."""

from functools import partial

from rich.console import Console

from tidings import app, settings
from tidings.cli.printing import AsJson, show


def migrate(*, as_json: AsJson = False) -> None:
    """Bring the database to the current schema."""
    configuration = settings.load()
    console = Console(stderr=True)
    with console.status("migrating"):
        # A line of a log is one line, however long.
        changed = app.migrate(configuration, tell=partial(console.print, soft_wrap=True, highlight=False))
    people = "The database has the current schema now." if changed else "The schema was current already."
    show({"changed": changed}, people, as_json=as_json)
