"""The attacker's receivers: one listener for each way to misbehave, each at an ordinary address of its own.

Owns the list of kinds, with the one outcome that each must get (docs/security.md section 5).
"""

import ssl
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from attack.hostile_dns import always
from attack.stage import DOMAIN, Stage
from support.certificates import Authority
from support.misbehaviours import ENDINGS, after_request, for_ever, send, send_then
from support.raw_receiver import Behaviour, Connection, RawReceiver

MARK = "fingerprint"
"""What no receiver may write into a log, a metric, an error or a page: it stands wherever bytes can stand."""
BODY_MARK = "excerpted"
TAIL_MARK = "beyondthecut"
_KEPT = 1024
_NAME = f"*.{DOMAIN}"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A way to misbehave and its outcome."""

    name: str
    behaviour: Behaviour
    outcome: str
    context: Callable[[Authority], ssl.SSLContext | None] = lambda authority: authority.server_context(_NAME)


def _answer(connection: Connection) -> None:
    connection.answer(200)


def _old_tls(authority: Authority) -> ssl.SSLContext:
    context = authority.server_context(_NAME)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    return context


def _no_tls(_authority: Authority) -> None:
    return None


MISBEHAVING = (
    *(Kind(name=name, behaviour=behaviour, outcome=code.value) for name, (behaviour, code) in ENDINGS.items()),
    Kind(name="silence after accept", behaviour=Connection.wait_until_gone, outcome="timeout", context=_no_tls),
    Kind(
        name="a handshake that stalls",
        behaviour=lambda connection: connection.greeted().wait_until_gone(),
        outcome="timeout",
        context=_no_tls,
    ),
    Kind(name="an SSH banner", behaviour=send(b"SSH-2.0-x\r\n"), outcome="tls_failed", context=_no_tls),
    Kind(name="plain HTTP", behaviour=send(b"HTTP/1.1 200 OK\r\n\r\n"), outcome="tls_failed", context=_no_tls),
    Kind(
        name="reset in the handshake",
        behaviour=lambda one: one.greeted().reset(),
        outcome="tls_failed",
        context=_no_tls,
    ),
    Kind(
        name="endless junk for a handshake",
        behaviour=lambda one: for_ever(b"\x16\x03\x01\x40\x00" + bytes(16384))(one.greeted()),
        outcome="tls_failed",
        context=_no_tls,
    ),
    Kind(
        name="wrong host name",
        behaviour=_answer,
        outcome="tls_failed",
        context=lambda one: one.server_context("a.b.com"),
    ),
    Kind(
        name="unknown CA", behaviour=_answer, outcome="tls_failed", context=lambda _: Authority().server_context(_NAME)
    ),
    Kind(
        name="expired certificate",
        behaviour=_answer,
        outcome="tls_failed",
        context=lambda one: one.server_context(_NAME, expired=True),
    ),
    Kind(name="TLS 1.1", behaviour=_answer, outcome="tls_failed", context=_old_tls),
)


def _status(status: int) -> Kind:
    bare = status < 200 or status in {204, 304}
    length, body = ("", "") if bare else ("Content-Length: 2\r\n", "OK")
    head = f"HTTP/1.1 {status} {MARK}\r\n{length}Connection: close\r\nX-{MARK}: {MARK}\r\n\r\n"
    return Kind(
        name=f"status {status}", behaviour=after_request(send(f"{head}{body}".encode())), outcome=_outcome(status)
    )


def _outcome(status: int) -> str:
    # An interim answer is none: nothing follows it.
    if status < 200 and status != 101:
        return "timeout"
    return {2: "ok", 3: "redirect_refused"}.get(status // 100, "http_status")


STATUSES = tuple(
    _status(status)
    for status in (
        *(100, 101, 102, 199, 200, 201, 202, 204, 205, 206, 226, 299, 300, 301, 302, 303, 304, 305, 307, 308, 399),
        *(400, 401, 403, 404, 407, 408, 410, 418, 421, 425, 426, 429, 451, 499, 500, 501, 502, 503, 504, 511, 599),
    )
)

_HEAD = f"HTTP/1.1 200 {MARK}\r\nX-{MARK}: {MARK}\r\nSet-Cookie: {MARK}=1\r\n".encode()
# Cut at 1,024 bytes; before that, what a terminal, a page or a database might stumble over.
_DIRT = b"\x1b[2J\x00\xff\xfe\x07<script>alert(1)</script>\r\n\x9b31m" + "\u202e".encode()
_BODY = (BODY_MARK.encode() + _DIRT).ljust(_KEPT, b".") + TAIL_MARK.encode() * 100


def _whole(connection: Connection) -> None:
    connection.send(_HEAD + f"Content-Length: {len(_BODY)}\r\n\r\n".encode() + _BODY)


TALKATIVE = (
    Kind(name="answer with a body", behaviour=after_request(_whole), outcome="ok"),
    Kind(
        name="failure with a body",
        behaviour=after_request(send(f"HTTP/1.1 500 {MARK}\r\nContent-Length: {len(_BODY)}\r\n\r\n".encode() + _BODY)),
        outcome="http_status",
    ),
    Kind(
        name="redirect",
        behaviour=after_request(
            send(f"HTTP/1.1 302 {MARK}\r\nLocation: https://{MARK}.com/{MARK}\r\nContent-Length: 0\r\n\r\n".encode())
        ),
        outcome="redirect_refused",
    ),
    Kind(
        name="Retry-After of words",
        behaviour=after_request(
            send(f"HTTP/1.1 503 {MARK}\r\nRetry-After: {MARK}\r\nContent-Length: 0\r\n\r\n".encode())
        ),
        outcome="http_status",
    ),
    Kind(name="SSH banner", behaviour=send(f"SSH-2.0-{MARK}\r\n".encode()), outcome="tls_failed", context=_no_tls),
    Kind(
        name="bad status line",
        behaviour=after_request(send(f"HTTP/1.1 {MARK} {MARK}\r\n\r\n".encode())),
        outcome="protocol_error",
    ),
    Kind(name="bare text", behaviour=after_request(send(f"{MARK}\r\n\r\n".encode())), outcome="protocol_error"),
    Kind(
        name="bad header",
        behaviour=after_request(send(f"HTTP/1.1 200 OK\r\n{MARK}\x01{MARK}\r\n\r\n".encode())),
        outcome="protocol_error",
    ),
    Kind(
        name="bad chunk",
        behaviour=after_request(send(f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{MARK}\r\n".encode())),
        outcome="protocol_error",
    ),
    Kind(
        name="body that breaks off",
        behaviour=after_request(
            send_then(f"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{MARK}".encode(), Connection.reset)
        ),
        outcome="protocol_error",
    ),
    Kind(
        name="certificate for a telling name",
        behaviour=_answer,
        outcome="tls_failed",
        context=lambda one: one.server_context(f"{MARK}.{MARK}.com"),
    ),
)


@contextmanager
def listening(stage: Stage, kinds: Sequence[Kind], *, each: int = 1) -> Iterator[dict[str, Kind]]:
    """Listen, and return the names of so many hosts of ``each`` kind, with their kinds."""
    found: dict[str, Kind] = {}
    with ExitStack() as stack:
        for number, kind in enumerate(kinds):
            address = f"93.185.{number // 250}.{number % 250 + 1}"
            tls = kind.context(stage.authority)
            stack.enter_context(RawReceiver(kind.behaviour, tls=tls, host=address, port=443))
            names = stage.names("kind", each)
            stage.dns.scripts |= dict.fromkeys(names, always(address))
            found |= dict.fromkeys(names, kind)
        yield found
