"""Every address of a host is judged before anything is sent, and only a judged one is called."""

import time

import msgspec
import pytest

from support.certificates import Authority
from support.raw_receiver import Connection, RawReceiver
from support.wire import HOST, Wire, callback_url, open_wire
from tidings.core.instants import SECOND
from tidings.core.outcome import Blocked, Code, Unanswered, code_of
from tidings.sender.request import OutboundRequest, Vetting

MIXTURES = {
    "private": ("127.0.0.1", "10.0.0.1"),
    "link-local": ("169.254.1.1", "127.0.0.1"),
    "IPv6 loopback": ("127.0.0.1", "::1"),
    "mapped": ("127.0.0.1", "::ffff:10.0.0.1"),
    "public on a port that is not open": ("127.0.0.1", "8.8.8.8"),
    "more than sixteen": tuple(f"127.0.0.{last}" for last in range(1, 18)),
}


def answer_all(connection: Connection) -> None:
    while True:
        connection.request()
        connection.answer(200)


@pytest.mark.parametrize("name", MIXTURES)
async def test_one_forbidden_address_forbids_the_host(authority: Authority, name: str) -> None:
    with RawReceiver(answer_all, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            wire.dns.zone[HOST] = MIXTURES[name]
            assert await wire.post(receiver.port) == Blocked()
            assert await wire.sender.vet("acme", callback_url(receiver.port)) is Vetting.FORBIDDEN
    assert receiver.connections == 0


async def test_an_exception_is_for_its_port_alone(authority: Authority) -> None:
    with RawReceiver(answer_all, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port + 1) as wire:
            assert await wire.post(receiver.port) == Blocked()
    assert receiver.connections == 0


async def test_addresses_take_turns_by_attempt(authority: Authority) -> None:
    with RawReceiver(answer_all, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            # Only the first of them is listened on.
            wire.dns.zone[HOST] = ("127.0.0.1", "127.0.0.2")
            codes = [code_of(await wire.post(receiver.port, number=number)) for number in range(4)]
    assert codes in ([Code.OK, Code.CONNECT_FAILED] * 2, [Code.CONNECT_FAILED, Code.OK] * 2)


async def test_an_address_as_host_is_called_without_a_look_up(authority: Authority) -> None:
    with RawReceiver(answer_all, tls=authority.server_context("127.0.0.1")) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            assert code_of(await wire.post(receiver.port, host="127.0.0.1")) == Code.OK
            assert await wire.post(receiver.port, host="10.0.0.1") == Blocked()
            assert not wire.dns.asked


async def test_a_name_is_judged_anew_when_its_answer_changed(authority: Authority) -> None:
    with RawReceiver(answer_all, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            wire.dns.zone["other.acme.com"] = ("10.1.1.1",)
            assert code_of(await wire.post(receiver.port)) == Code.OK
            assert await wire.post(receiver.port, host="other.acme.com") == Blocked()


@pytest.mark.parametrize("canonical", ["https://other.acme.com:{port}/", "https://hooks.acme.com/", "https://[/"])
async def test_a_url_that_the_client_reads_otherwise_is_not_called(authority: Authority, canonical: str) -> None:
    with RawReceiver(answer_all, tls=authority.server_context(HOST)) as receiver:
        async with open_wire(authority, receiver.port) as wire:
            url = msgspec.structs.replace(callback_url(receiver.port), canonical=canonical.format(port=receiver.port))
            request = OutboundRequest(
                partner="acme",
                url=url,
                headers=(),
                body=b"",
                number=1,
                timeout=SECOND,
                start_by=wire.clock.monotonic() + SECOND,
            )
            assert await wire.sender.post(request) == Unanswered(Code.INTERNAL_ERROR)
    assert receiver.connections == 0


@pytest.mark.parametrize("trouble", ["unknown", "broken", "silent"])
async def test_a_name_that_is_not_resolved_fails_in_time(authority: Authority, trouble: str) -> None:
    async with open_wire(authority, 443) as wire:
        _make(wire, trouble)
        began = time.monotonic()
        outcome = await wire.post(443, host="lost.acme.com", timeout=0.5)
        took = time.monotonic() - began
    assert outcome == Unanswered(Code.DNS_FAILED)
    assert took < 1.0


async def test_vetting_tells_allowed_from_unknown(authority: Authority) -> None:
    async with open_wire(authority, 8443) as wire:
        assert await wire.sender.vet("acme", callback_url(8443)) is Vetting.ALLOWED
        assert await wire.sender.vet("acme", callback_url(8443, host="lost.acme.com")) is Vetting.UNKNOWN
        assert await wire.sender.vet("acme", callback_url(8443, host="10.0.0.1")) is Vetting.FORBIDDEN


def _make(wire: Wire, trouble: str) -> None:
    if trouble == "broken":
        wire.dns.broken.add("lost.acme.com")
    if trouble == "silent":
        wire.dns.silent.add("lost.acme.com")
