"""Where a PostgreSQL server was looked for, and why none answered, in words for whoever runs the service.

Owns what may be told of a database URL: its hosts and ports. Refuses everything else of it, and a URL whose hosts may
hold a piece of the password.
"""

import os
import re
import socket
import ssl
from itertools import cycle
from urllib.parse import parse_qs, unquote

import asyncpg

_URL = re.compile(r"[^:]*://(?P<netloc>[^/?#]*)(?P<rest>.*)", re.DOTALL)
_PORT = re.compile(r"(?:\[[^\]]*\]|[^:\[]*)(?::(?P<port>[0-9]+))?")
_USUAL_PORT = "5432"
_LOST = "08"
"""The SQLSTATE class of connections."""
_OF_FILES = {"X509", "PEM", "SYS"}
"""The parts of OpenSSL that read certificates, rather than talk to a server."""
_NUMBERED = re.compile(r"\[Errno ([0-9]+)\]")


def spoken(url: str) -> str:
    """Return `` at HOST:PORT or HOST:PORT``, with every host of the URL; nothing where that might tell a secret."""
    found = _URL.fullmatch(url)
    # A password with a slash, a question mark or a hash in it ends what would be the hosts.
    if found is None or "@" in found["rest"]:
        return ""
    hosts = _in_netloc(found["netloc"].rpartition("@")[2]) or _in_query(found["rest"].partition("?")[2])
    return f" at {' or '.join(hosts)}" if hosts else " (TIDINGS_DATABASE_URL names no host)"


def cause(error: BaseException) -> str:
    """Return what the system or the server said, in fixed words: the texts of drivers may hold anything."""
    match error:
        case OSError():
            return _of_the_system(error)
        case asyncpg.PostgresError(sqlstate=str(state)) if not state.startswith(_LOST):
            return f"the server says SQLSTATE {state}"
        case asyncpg.TargetServerAttributeNotMatched():
            return "none of them is what target_session_attrs asks for"
        case _:
            return "the connection was lost"


def _of_the_system(error: OSError) -> str:
    match error:
        case TimeoutError():
            return "timed out"
        case socket.gaierror(strerror=str(said)):
            return said.lower()
        case ssl.SSLCertVerificationError():
            return "the server's certificate is not for this host, or not signed by sslrootcert"
        case ssl.SSLError(library=str(library)) if library in _OF_FILES:
            return "a certificate file of TIDINGS_DATABASE_URL holds no certificate or key"
        case ssl.SSLError():
            return "TLS failed"
        case _:
            return _numbers_in_words(error)


def _in_netloc(hosts: str) -> list[str]:
    return [_with_port(unquote(host)) for host in hosts.split(",")] if hosts else []


def _with_port(host: str) -> str:
    found = _PORT.fullmatch(host)
    return f"{host}:{_USUAL_PORT}" if found is not None and found["port"] is None else host


def _in_query(query: str) -> list[str]:
    asked = parse_qs(query.partition("#")[0])
    hosts, ports = (asked.get(name, [""])[-1].split(",") for name in ("host", "port"))
    named = zip(hosts, cycle(ports), strict=False)
    return [f"{host}:{port}" if port else _with_port(host) for host, port in named if host]


def _numbers_in_words(error: OSError) -> str:
    # Several addresses of one name fail as one error, which has no number but repeats theirs.
    numbers = [error.errno] if error.errno is not None else map(int, _NUMBERED.findall(str(error)))
    said = dict.fromkeys(os.strerror(number).lower() for number in numbers)
    if said:
        return " or ".join(said)
    return "the server takes no TLS, or breaks it off" if _is_about_tls(error) else "the connection was lost"


def _is_about_tls(error: OSError) -> bool:
    return any(sign in str(error) for sign in ("SSL", "TLS"))
