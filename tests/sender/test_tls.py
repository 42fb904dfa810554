"""Only a certificate for this host, from an authority that we trust, is spoken to."""

import ssl
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from support.certificates import Authority, SelfSigned
from support.misbehaviours import send
from support.raw_receiver import Connection, RawReceiver
from support.wire import HOST, open_wire
from tidings.clock import Clock
from tidings.core.callback_url import EgressRules
from tidings.core.outcome import Answered, Code, Unanswered
from tidings.errors import Misconfigured
from tidings.sender.resolver import Resolver
from tidings.sender.sender import Sender


def old_tls(authority: Authority) -> ssl.SSLContext:
    context = authority.server_context(HOST)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    return context


CONTEXTS: dict[str, Callable[[Authority], ssl.SSLContext]] = {
    "wrong host": lambda authority: authority.server_context("hooks.other.com"),
    "an address only": lambda authority: authority.server_context("127.0.0.1"),
    "unknown authority": lambda _: Authority().server_context(HOST),
    "expired": lambda authority: authority.server_context(HOST, expired=True),
    "TLS 1.1": old_tls,
}


def take_request(connection: Connection) -> None:
    connection.request()
    connection.answer(200)


@pytest.mark.parametrize("name", CONTEXTS)
async def test_no_request_is_sent_to_a_server_that_did_not_prove_itself(authority: Authority, name: str) -> None:
    with RawReceiver(take_request, tls=CONTEXTS[name](authority)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            assert await wire.post(receiver.port) == Unanswered(Code.TLS_FAILED)
    assert not receiver.requests


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (lambda connection: connection.wait_until_gone(), Code.TIMEOUT),
        (send(b"SSH-2.0-OpenSSH_9.2\r\n"), Code.TLS_FAILED),
        (send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Code.TLS_FAILED),
        (lambda connection: connection.greeted().reset(), Code.TLS_FAILED),
        (lambda _: None, Code.TLS_FAILED),
    ],
    ids=["silent", "ssh", "plain http", "reset", "closed"],
)
async def test_a_handshake_that_fails_has_its_code(
    authority: Authority, behaviour: Callable[[Connection], None], code: Code
) -> None:
    with RawReceiver(behaviour, tls=None) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            assert await wire.post(receiver.port, timeout=0.5) == Unanswered(code)


@pytest.mark.parametrize("pem", [b"", b"junk", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
async def test_roots_that_are_no_certificates_are_refused_at_once(pem: bytes) -> None:
    clock = Clock()
    rules = EgressRules(ports=frozenset({443}), allow=())
    with pytest.raises(Misconfigured):
        Sender(rules=rules, resolver=Resolver(servers=[], clock=clock), roots_pem=pem, clients=1, clock=clock)


async def test_every_root_of_the_file_is_trusted(authority: Authority) -> None:
    second = Authority()

    class Both(Authority):
        @property
        def pem(self) -> bytes:
            return authority.pem + second.pem

    with RawReceiver(take_request, tls=second.server_context(HOST)) as receiver:
        async with open_wire(Both(), receiver.port) as wire:
            await wire.post(receiver.port)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("ca", [True, False])
async def test_a_certificate_that_is_its_own_authority_serves_when_it_says_that_it_is_none(
    tmp_path: Path, *, ca: bool
) -> None:
    own = SelfSigned(HOST, ca=ca)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*own.write_own_files(tmp_path))

    with RawReceiver(take_request, tls=context) as receiver:
        async with open_wire(own, receiver.port) as wire:
            outcome = await wire.post(receiver.port)

    assert outcome == Unanswered(Code.TLS_FAILED) if ca else isinstance(outcome, Answered)
