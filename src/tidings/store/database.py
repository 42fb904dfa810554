"""A connection to what is remembered: SQLite or PostgreSQL behind one small face.

Owns connections, transactions and the translation of foreign errors. ``read`` and ``write`` run a plain function over
a SQLAlchemy ``Connection``; which thread or driver carries it is decided here alone.
"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tidings.errors import Unavailable

Result = TypeVar("Result")
SILENT = "the database does not answer"


class Database(Protocol):
    """One database, open."""

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Run ``work``, which writes nothing. Raises ``Unavailable``.

        On SQLite all of it sees one snapshot; on PostgreSQL each statement sees what is committed when it begins.
        """
        ...

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Run ``work`` in one transaction, committed and flushed when this returns. Raises ``Unavailable``.

        Other errors of ``work`` roll the transaction back and come out as they are.
        """
        ...

    async def close(self) -> None: ...


def translate(error: SQLAlchemyError, *, where: str = "") -> Exception:
    """Return ``Unavailable`` where trying again later may help, else the error itself: that is a mistake of ours.

    ``where`` says which server does not answer.
    """
    if isinstance(error, PoolTimeout):
        return Unavailable(SILENT, where=f"{where}: every connection is in use")
    if not isinstance(error, DBAPIError):
        return error
    reason = reason_of(error.orig)
    if reason is not None:
        return Unavailable(reason)
    if _is_ours(error):
        return error
    if isinstance(error, InterfaceError):
        return Unavailable(SILENT, where=f"{where}: the connection was lost")
    return Unavailable(_reason(error))


def reason_of(error: BaseException | None) -> str | None:
    """Return what to tell of an error that PostgreSQL's SQLSTATE explains, else None."""
    state = _state(error)
    if state == _REFUSED and _RULES in str(error):
        return _NOT_ADMITTED
    return next((reason for prefix, reason in _SQLSTATES.items() if state.startswith(prefix)), None)


def _is_ours(error: DBAPIError) -> bool:
    # What a driver refuses to send is a ValueError to it: as much a mistake of ours as what the server refuses.
    unsendable = isinstance(getattr(error.orig, "__cause__", None), ValueError)
    refused = isinstance(error, IntegrityError | ProgrammingError | DataError)
    return unsendable or refused or _state(error.orig)[:2] in _CLASSES_OF_OURS


def _state(error: BaseException | None) -> str:
    return str(getattr(error, "sqlstate", None) or "")


def _reason(error: DBAPIError) -> str:
    text = str(error.orig).lower()
    for sign, reason in _REASONS.items():
        if sign in text:
            return reason
    return "the database cannot be used just now"


_CLASSES_OF_OURS = {"22", "23", "42"}
"""SQLSTATE classes: data, constraints, syntax and access rules."""
_REFUSED = "28000"
# The name of a file, which the server tells in every language.
_RULES = "pg_hba.conf"
_NOT_ADMITTED = (
    "the server's pg_hba.conf admits no such connection: other user, database or address, or TLS asked for "
    "(TIDINGS_DATABASE_URL, sslmode)"
)
_SQLSTATES = {
    "28": "the database refuses this user or password (TIDINGS_DATABASE_URL)",
    "3D": "the server has no database of that name (TIDINGS_DATABASE_URL); create it first",
    "53100": "the database has no space left",
    "53300": "the database has too many connections",
    "25006": "the database is read-only",
    "55P03": "a table is in use by others for too long; try again when they are done",
    "57P": "the database is starting or stopping",
    "42501": "this user may not do that in the database (TIDINGS_DATABASE_URL); make it the owner of the database",
    "42P01": "the database has no schema yet; run `tidings migrate`",
}
_REASONS = {
    "full": "the database has no space left",
    "readonly": "the database is read-only",
    "read-only": "the database is read-only",
    "locked": "the database is locked by another process",
    "malformed": "the database file is damaged",
    "not a database": "the file is not a SQLite database",
    "i/o": "the database cannot be read or written",
    "no such table": "the database has no schema yet; run `tidings migrate`",
    "unable to open": "the database file cannot be opened",
}
