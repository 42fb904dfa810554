"""PostgreSQL: many processes on one database, or on the primary of several hosts.

Owns the connections and the wake-up channel. The URL goes to asyncpg as it is, in libpq's form.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tidings.errors import Misconfigured, Unavailable
from tidings.store.database import SILENT, reason_of, translate
from tidings.store.database_hosts import cause, spoken
from tidings.store.dialects import WAKE_CHANNEL

Result = TypeVar("Result")
_CONNECTIONS = 8
_WAIT_FOR_CONNECTION_S = 5
_CONNECT_TIMEOUT_S = 5
ANSWER_TIMEOUT_S = 30
_TRIES = 3
_NO_ROOTS = "root certificate file"
# Everything asked here looks a few rows up. The default holds a look at an index to be as dear as a disk's arm moving,
# and reads whole tables of some ten thousand rows instead: 10 ms rather than 0.5 (docs/decisions/0008).
# And every statement is spelled for one plan, so that it is planned once for a connection: left to itself, the server
# expects more of known values than they give, and plans a claim anew each time, which takes longer than the claim.
# A plan for any value is held to be dear where much waits, however little it reads: past a cost of 100,000 the server
# would compile it each time that it runs, which takes 28 ms where a claim takes half a one.
_WAYS = "SET random_page_cost = 0.1; SET plan_cache_mode = force_generic_plan; SET jit = off"
# Deadlock and serialisation failure: PostgreSQL rolled back by itself, and asks to be tried again. Unique violation:
# another process wrote the same key at the same moment, and whoever looks again sees it.
_TRY_AGAIN = {"40P01", "40001", "23505"}
_AWAY = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # The hosts answer, and none of them is the primary: one may be soon.
    asyncpg.TargetServerAttributeNotMatched,
)


class PostgresqlDatabase:
    """A PostgreSQL database. Connects when first asked.

    A server that has said nothing for ``answer_timeout_s`` after it was asked is held to be lost; None waits for ever.
    """

    def __init__(self, url: str, *, answer_timeout_s: float | None = ANSWER_TIMEOUT_S) -> None:
        self._url = url
        self._where = spoken(url)
        self._engine = _engine(url, answer_timeout_s)
        # A transaction around what only looks would cost two more turns to the server and show nothing else: each of
        # its statements sees what is committed when it begins, as it does without.
        self._looking = self._engine.execution_options(isolation_level="AUTOCOMMIT")

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        return await self._guarded(lambda: self._look(work))

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        return await self._guarded(lambda: self._tried_again(work))

    async def close(self) -> None:
        await self._engine.dispose()

    async def listen(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` whenever another process says that something is due, until cancelled or disconnected.

        Raises Unavailable when the connection is lost; polling remains the truth.
        """
        await self._guarded(lambda: self._listen(wake))

    async def _listen(self, wake: Callable[[], None]) -> None:
        connection = await _connect(self._url)
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _connection: lost.set())
            await connection.add_listener(WAKE_CHANNEL, lambda *_message: wake())
            await lost.wait()
        finally:
            connection.terminate()
        raise Unavailable(SILENT, where=f"{self._where}: the connection was lost")

    async def _tried_again(self, work: Callable[[Connection], Result]) -> Result:
        for _ in range(_TRIES - 1):
            try:
                return await self._transaction(work)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _TRY_AGAIN:
                    raise
        return await self._transaction(work)

    async def _look(self, work: Callable[[Connection], Result]) -> Result:
        async with self._looking.connect() as connection:
            return await connection.run_sync(work)

    async def _transaction(self, work: Callable[[Connection], Result]) -> Result:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def _guarded(self, call: Callable[[], Awaitable[Result]]) -> Result:
        try:
            return await call()
        except SQLAlchemyError as error:
            beneath = _beneath(error)
            raise (translate(error, where=self._where) if beneath is None else self._away(beneath)) from error
        except _AWAY as error:
            raise self._away(error) from error

    def _away(self, error: BaseException) -> Unavailable:
        reason = reason_of(error)
        return Unavailable(SILENT, where=f"{self._where}: {cause(error)}") if reason is None else Unavailable(reason)


def _beneath(error: SQLAlchemyError) -> BaseException | None:
    """Return what the driver said when it lost a server or found none; SQLAlchemy wraps that as it wraps refusals."""
    found = getattr(getattr(error, "orig", None), "__cause__", None)
    answered = isinstance(found, asyncpg.PostgresError) and not isinstance(found, asyncpg.PostgresConnectionError)
    # What the driver refuses to send is a ValueError too: a mistake of ours.
    return found if isinstance(found, _AWAY) and not answered and not isinstance(found, ValueError) else None


def _engine(url: str, answer_timeout_s: float | None) -> AsyncEngine:
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: _connect_to_work(url, answer_timeout_s),
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=_WAIT_FOR_CONNECTION_S,
        pool_use_lifo=True,
    )


async def _connect_to_work(url: str, answer_timeout_s: float | None) -> asyncpg.Connection:
    connection = await _connect(url, command_timeout=answer_timeout_s)
    await connection.execute(_WAYS)
    return connection


async def _connect(url: str, *, command_timeout: float | None = None) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(url, timeout=_CONNECT_TIMEOUT_S, command_timeout=command_timeout)
    except FileNotFoundError as error:
        raise Unavailable(
            "the database does not answer: a socket or certificate file of TIDINGS_DATABASE_URL does not exist"
        ) from error
    except (asyncpg.UndefinedObjectError, asyncpg.CantChangeRuntimeParamError) as error:
        # What the driver does not know, it asks of the server as a setting of the session.
        raise Misconfigured(
            f"TIDINGS_DATABASE_URL: has a parameter that neither the driver nor the server takes: {error}"
        ) from error
    except ssl.SSLError:
        # One of them, that of a certificate that is not trusted, is a ValueError as well; the server may get a better.
        raise
    except ValueError as error:  # includes asyncpg's ClientConfigurationError
        if str(error).startswith(_NO_ROOTS):
            raise Misconfigured(
                "TIDINGS_DATABASE_URL: sslmode asks to verify the server's certificate, so name the file of the "
                "authority that signed it: sslrootcert=FILE"
            ) from error
        # Its text may repeat the URL, and with it the password.
        raise Misconfigured(
            "TIDINGS_DATABASE_URL: is not a URL that libpq would take; write postgresql://USER@HOST:PORT/DATABASE"
        ) from error
