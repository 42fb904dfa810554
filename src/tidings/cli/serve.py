"""``tidings serve``: the service."""

import sys
from typing import Annotated

import typer

from tidings import app, settings


def serve(
    *,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 8080,
    role: Annotated[
        app.Role, typer.Option(help="What this process does: take requests, make attempts, or all of it.")
    ] = app.Role.ALL,
    migrate: Annotated[
        bool, typer.Option("--migrate", help="Bring a PostgreSQL database to the current schema first.")
    ] = False,
) -> None:
    """Run the service. Prints one line when ready; SIGTERM finishes what is in flight and stops."""
    # Web and engine take half a second to import, which no other command needs to wait.
    from tidings.app import service  # noqa: PLC0415 - see above

    service.serve(settings.load(), host, port, role=role, migrate=migrate, ready=_say_ready)


def _say_ready(url: str) -> None:
    typer.echo(f"Tidings is ready at {url}")
    sys.stdout.flush()
