"""What may be told of a database URL, and of why no server answered."""

import asyncio
import socket
import ssl

import asyncpg
import pytest

from tidings.store.database_hosts import cause, spoken

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://u:hunter2@db1:5433/x", " at db1:5433"),
        ("postgres://u:hunter2@db1/x?sslmode=require", " at db1:5432"),
        ("postgresql://u:hunter2@db1:1,db2,[::1]:2,[::1]/x", " at db1:1 or db2:5432 or [::1]:2 or [::1]:5432"),
        ("postgresql://db1/x?user=u&password=hunter2", " at db1:5432"),
        ("postgresql://u:hunter2@/x?host=/run/pg&port=6432", " at /run/pg:6432"),
        ("postgresql:///x?host=a,b&port=1,2", " at a:1 or b:2"),
        ("postgresql:///x?host=a,b&port=1", " at a:1 or b:1"),
        ("postgresql:///x?host=a", " at a:5432"),
        ("postgresql:///x", " (TIDINGS_DATABASE_URL names no host)"),
        ("postgresql://u:hunter2@@db1/x", " at db1:5432"),
        ("postgresql://u:hunter2@x@db1/x", " at db1:5432"),
    ],
)
def test_every_host_is_named_and_nothing_else(url: str, said: str) -> None:
    assert spoken(url) == said


@pytest.mark.parametrize("letter", ["/", "?", "#"])
@pytest.mark.parametrize("password", ["5{}hunter2", "a@hunter2{}b", "hunter2{}"])
def test_a_password_that_breaks_the_url_is_not_taken_for_a_host(letter: str, password: str) -> None:
    assert spoken(f"postgresql://u:{password.format(letter)}@db1/x") == ""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError(), "timed out"),
        (ConnectionRefusedError(111, SECRET), "connection refused"),
        (OSError("[Errno 111] hunter2, [Errno 104] hunter2"), "connection refused or connection reset by peer"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "name or service not known"),
        (ssl.SSLError(1, SECRET), "TLS failed"),
        (
            ssl.SSLCertVerificationError(1, SECRET),
            "the server's certificate is not for this host, or not signed by sslrootcert",
        ),
        (ConnectionError("hunter2 rejected SSL upgrade"), "the server takes no TLS, or breaks it off"),
        (ConnectionError("unexpected hunter2"), "the connection was lost"),
        (asyncpg.ConnectionDoesNotExistError(SECRET), "the connection was lost"),
        (asyncpg.FeatureNotSupportedError(SECRET), "the server says SQLSTATE 0A000"),
        (asyncpg.InterfaceError(SECRET), "the connection was lost"),
        (asyncpg.TargetServerAttributeNotMatched(SECRET), "none of them is what target_session_attrs asks for"),
    ],
)
def test_a_cause_is_told_in_fixed_words(error: BaseException, said: str) -> None:
    assert cause(error) == said


async def test_every_address_of_a_name_that_refuses_is_one_cause() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(OSError, match=r"Errno") as refused:
        await asyncio.open_connection("localhost", port)

    # Where ::1 is a name of nothing, that is said as well.
    assert "connection refused" in cause(refused.value)
    assert str(port) not in cause(refused.value)
