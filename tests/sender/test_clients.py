"""Warm clients: as many as allowed, the least recently used makes room, none is closed under a request."""

from support.certificates import Authority
from support.raw_receiver import Connection, RawReceiver
from support.wire import HOST, open_wire
from tidings.core.outcome import Code, code_of
from tidings.sender.clients import Clients, Destination

A: Destination = ("a.acme.com", 443, "8.8.8.8")
B: Destination = ("b.acme.com", 443, "8.8.8.8")
C: Destination = ("c.acme.com", 443, "8.8.8.8")


async def test_a_destination_keeps_its_client_and_no_other_gets_it() -> None:
    clients = Clients(most=8, roots_pem=None)
    a = clients.borrow(A)
    assert clients.borrow(A) is a
    for other in (B, (A[0], 8443, A[2]), (A[0], A[1], "8.8.4.4")):
        assert clients.borrow(other) is not a
    await clients.close()


async def test_the_client_that_was_not_used_for_longest_makes_room() -> None:
    clients = Clients(most=2, roots_pem=None)
    a, b = clients.borrow(A), clients.borrow(B)
    for warm in (a, b):
        clients.give_back(warm)
    clients.give_back(clients.borrow(A))
    clients.give_back(clients.borrow(C))
    assert (a.evicted, b.evicted) == (False, True)
    assert clients.borrow(A) is a
    await clients.close()


async def test_a_client_in_use_outlives_its_eviction(authority: Authority) -> None:
    def answer_when_told(connection: Connection) -> None:
        while True:
            connection.request()
            connection.answer(200)

    with RawReceiver(answer_when_told, tls=authority.server_context(HOST, "b.acme.com")) as receiver:
        async with open_wire(authority, receiver.port, clients=1) as wire:
            wire.dns.zone["b.acme.com"] = ("127.0.0.1",)
            for host in (HOST, "b.acme.com", HOST):
                assert code_of(await wire.post(receiver.port, host=host)) == Code.OK
    assert len(receiver.requests) == 3
