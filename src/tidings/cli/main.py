"""The command ``tidings``: its nouns, its errors, its exit status.

Owns that every failure is one clear line on stderr with status 1, or 2 for wrong usage, and never a traceback.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.exceptions import TyperException

import tidings
from tidings.cli import (
    audit,
    check,
    delivery,
    demo,
    event,
    key,
    keyring,
    migrate,
    operator,
    partner,
    redelivery,
    serve,
    stats,
    token,
    webhook,
)
from tidings.cli.option_names import in_options
from tidings.cli.stdout import NotPrinted, ReaderLeft, guard_stdout
from tidings.errors import InvalidArgument, TidingsError

_FAILED = 1
_WRONG_USAGE = 2
_INTERRUPTED = 130

app = typer.Typer(
    name="tidings",
    help="Signed webhooks that arrive.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("migrate")(migrate.migrate)
app.command("check")(check.check)
app.command("stats")(stats.stats)
app.add_typer(partner.app, name="partner")
app.add_typer(key.app, name="key")
app.add_typer(keyring.app, name="keyring")
app.add_typer(token.app, name="token")
app.add_typer(webhook.app, name="webhook")
app.add_typer(operator.app, name="operator")
app.add_typer(event.app, name="event")
app.add_typer(delivery.app, name="delivery")
app.add_typer(redelivery.app, name="redelivery")
app.add_typer(audit.app, name="audit")


def main() -> NoReturn:
    """Run the command of this process and end the process."""
    try:
        guard_stdout()
    except TidingsError as error:
        _leave(_complain(str(error), _FAILED))
    _leave(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    try:
        return app(list(arguments) or ["--help"], prog_name="tidings", standalone_mode=False) or 0
    except TyperException as error:
        return _complain(_usage(error), _WRONG_USAGE)
    except TidingsError as error:
        return _complain(_told(error, arguments), _FAILED)
    except (KeyboardInterrupt, typer.Abort):
        return _complain("interrupted", _INTERRUPTED)
    except (BrokenPipeError, ReaderLeft):
        return _FAILED
    except Exception as error:  # noqa: BLE001 - the edge of the process: a person gets one line, not a traceback
        return _unforeseen(error, arguments)


def _leave(status: int) -> NoReturn:
    """End without the interpreter's own teardown: the HTTP client's threads can abort it there."""
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except (OSError, NotPrinted, ReaderLeft):
            status = status or _FAILED
    os._exit(status)


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer's signature
    if wanted:
        typer.echo(f"tidings {tidings.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Signed webhooks that arrive."""
    del version


def _told(error: TidingsError, arguments: Sequence[str]) -> str:
    return in_options(error, app, arguments) if isinstance(error, InvalidArgument) else str(error)


def _usage(error: TyperException) -> str:
    # The library that reads options puts its own prefix before the words of others.
    return f"{error.format_message().replace('Value error, ', '')} (--help says more)"


def _unforeseen(error: Exception, arguments: Sequence[str]) -> int:
    # A file's name may be of any bytes; everything else that is asked about is text to the database.
    garbled = next((one for one in arguments if _is_garbled(one)), None)
    if garbled is None:
        return _complain(_bug(error), _FAILED)
    return _complain(f"{os.fsencode(garbled)!r} is not UTF-8 (--help says more)", _WRONG_USAGE)


def _is_garbled(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:
        return True
    return False


def _bug(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    # The text of a foreign error may hold a secret; its type and its place do not.
    return f"this is a bug: {type(error).__name__} at {Path(place.filename).name}:{place.lineno}"


def _complain(line: str, status: int) -> int:
    # Where nobody can be told, the status tells.
    with suppress(OSError):
        typer.echo("tidings: " + " ".join(line.split()), err=True)
    return status
