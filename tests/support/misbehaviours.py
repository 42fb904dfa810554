"""How receivers end a request, each with the code that it must get (security.md section 5).

Owns the list of misbehaviours after a sound TLS handshake. Those of names, addresses and TLS are in the tests
themselves.
"""

from collections.abc import Callable

from support.raw_receiver import Behaviour, Connection, Gone
from tidings.core.outcome import Code

CHUNK = b"x" * 65536
READ_BY_THEN_S = 0.1


def after_request(act: Callable[[Connection], object]) -> Behaviour:
    def behave(connection: Connection) -> None:
        connection.request()
        act(connection)
        connection.wait_until_gone()

    return behave


def hang_up(_connection: Connection) -> None:
    raise Gone


def send(*pieces: bytes) -> Callable[[Connection], None]:
    def act(connection: Connection) -> None:
        for piece in pieces:
            connection.send(piece)

    return act


def send_then(data: bytes, act: Callable[[Connection], object]) -> Callable[[Connection], None]:
    def both(connection: Connection) -> None:
        connection.send(data)
        act(connection)

    return both


def for_ever(data: bytes, *, after: bytes = b"") -> Callable[[Connection], None]:
    def act(connection: Connection) -> None:
        connection.send(after)
        while True:
            connection.send(data)

    return act


def reset_later(connection: Connection) -> None:
    connection.pause(READ_BY_THEN_S)
    connection.reset()


def ten_megabytes_of_header(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(160):
        connection.send(CHUNK)


def two_hundred_thousand_headers(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\n")
    for _ in range(200):
        connection.send(b"X-Many: value\r\n" * 1000)
    connection.send(b"\r\n")


OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
GZIP_BOMB_HEAD = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"

ENDINGS: dict[str, tuple[Behaviour, Code]] = {
    "silence": (after_request(lambda _connection: None), Code.TIMEOUT),
    "reset before the answer": (after_request(Connection.reset), Code.PROTOCOL_ERROR),
    "closed before the answer": (after_request(hang_up), Code.PROTOCOL_ERROR),
    "reset in the head": (after_request(send_then(b"HTTP/1.1 200 OK\r\nCont", Connection.reset)), Code.PROTOCOL_ERROR),
    "reset in the body": (after_request(send_then(OK_HEAD + b"abc", Connection.reset)), Code.PROTOCOL_ERROR),
    "closed in the body": (after_request(send_then(OK_HEAD + b"abc", hang_up)), Code.PROTOCOL_ERROR),
    "reset after the answer": (after_request(send_then(OK_HEAD + CHUNK[:100], reset_later)), Code.OK),
    "half-close without an answer": (after_request(Connection.half_close), Code.PROTOCOL_ERROR),
    "half-close after the answer": (after_request(send_then(OK_HEAD + CHUNK[:100], Connection.half_close)), Code.OK),
    "slow head": (after_request(lambda connection: connection.drip(OK_HEAD, every=0.2)), Code.TIMEOUT),
    "slow body": (after_request(send_then(OK_HEAD, lambda one: one.drip(CHUNK, every=0.1))), Code.TIMEOUT),
    "body that stops": (after_request(send(OK_HEAD, b"abc")), Code.TIMEOUT),
    "endless body": (after_request(for_ever(CHUNK, after=b"HTTP/1.1 200 OK\r\n\r\n")), Code.OK),
    "endless 100 Continue": (after_request(for_ever(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)), Code.TIMEOUT),
    "endless 103 Early Hints": (after_request(for_ever(b"HTTP/1.1 103 E\r\nLink: a\r\n\r\n" * 999)), Code.TIMEOUT),
    "one 100 Continue": (after_request(send(b"HTTP/1.1 100 C\r\n\r\n", OK_HEAD, CHUNK[:100])), Code.OK),
    "10 MB header": (after_request(ten_megabytes_of_header), Code.PROTOCOL_ERROR),
    "200,000 headers": (after_request(two_hundred_thousand_headers), Code.PROTOCOL_ERROR),
    "gzip bomb": (after_request(for_ever(b"\x1f\x8b\x08" + CHUNK, after=GZIP_BOMB_HEAD)), Code.OK),
    "bad status line": (after_request(send(b"HTTP/1.1 two hundred\r\n\r\n")), Code.PROTOCOL_ERROR),
    "status below 100": (after_request(send(b"HTTP/1.1 099 Low\r\n\r\n")), Code.PROTOCOL_ERROR),
    "status over 599": (after_request(lambda connection: connection.answer(999)), Code.HTTP_STATUS),
    "101 Switching Protocols": (
        after_request(send(b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")),
        Code.HTTP_STATUS,
    ),
    "HTTP/0.9": (after_request(send_then(b"hello world\r\n", hang_up)), Code.PROTOCOL_ERROR),
    "HTTP/2 preface": (after_request(send(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")), Code.PROTOCOL_ERROR),
    # RFC 9112, 6.3: the chunks count.
    "Content-Length and Transfer-Encoding": (
        after_request(send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
        Code.OK,
    ),
    "two Content-Lengths": (
        after_request(send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")),
        Code.PROTOCOL_ERROR,
    ),
    "bad chunk": (
        after_request(send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")),
        Code.PROTOCOL_ERROR,
    ),
    "body that ends with the connection": (
        after_request(send_then(b"HTTP/1.0 200 OK\r\n\r\nthanks", hang_up)),
        Code.OK,
    ),
    "answer before the request was read": (lambda connection: connection.answer(200), Code.OK),
}
