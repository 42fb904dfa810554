"""Warm clients: as many as allowed, each for one destination, none closed under a request."""

from support.certificates import Authority
from support.raw_receiver import Connection, RawReceiver
from support.wire import HOST, open_wire
from tidings.core.outcome import Code, code_of
from tidings.sender.clients import Clients
from tidings.sender.warmth import Destination, Warmth

A: Destination = ("a.acme.com", 443, "8.8.8.8")
B: Destination = ("b.acme.com", 443, "8.8.8.8")
C: Destination = ("c.acme.com", 443, "8.8.8.8")


def called(warmth: Warmth, destination: Destination, *, answered: bool = True) -> list[Destination]:
    """Call once and return who had to leave."""
    return [*warmth.used(destination), *warmth.ended(destination, answered=answered)]


def hosts(count: int) -> list[Destination]:
    return [(f"{number}.acme.com", 443, "8.8.8.8") for number in range(count)]


async def test_a_destination_keeps_its_client_and_no_other_gets_it() -> None:
    clients = Clients(most=64, roots_pem=None)
    a = clients.borrow(A)
    assert clients.borrow(A) is a
    for other in (B, (A[0], 8443, A[2]), (A[0], A[1], "8.8.4.4")):
        assert clients.borrow(other) is not a
    await clients.close()


async def test_a_client_that_made_room_is_closed_after_its_last_use() -> None:
    clients = Clients(most=1, roots_pem=None)
    a = clients.borrow(A)
    clients.borrow(A)
    clients.give_back(a, answered=True)
    clients.borrow(B)
    assert a.evicted
    assert clients.borrow(A) is not a
    clients.give_back(a, answered=True)
    await clients.close()


def test_a_host_that_answered_twice_outlasts_any_number_of_new_ones() -> None:
    warmth = Warmth(most=16)
    called(warmth, A)
    called(warmth, A)
    left = [gone for new in hosts(100) for gone in called(warmth, new)]
    assert left == hosts(100)[:98]
    assert A not in left


def test_hosts_that_are_called_in_turns_stay_warm_from_their_second_answer_on() -> None:
    warmth, turns = Warmth(most=16), hosts(14)
    for _ in range(2):
        for one in turns:
            called(warmth, one)
    assert [gone for one in turns for gone in called(warmth, one)] == []


def test_a_host_that_does_not_answer_is_a_new_one_again() -> None:
    warmth = Warmth(most=16)
    for _ in range(5):
        called(warmth, A)
    called(warmth, A, answered=False)
    left = [gone for silent in hosts(2) for gone in called(warmth, silent, answered=False)]
    assert left == [A]


def test_of_proven_hosts_the_one_that_was_not_used_for_longest_makes_room() -> None:
    warmth = Warmth(most=2)
    for one in (A, A, B, B, A):
        called(warmth, one)
    assert called(warmth, C) == [B]


def test_there_are_never_more_than_allowed() -> None:
    for most in (1, 2, 8, 20):
        warmth, warm = Warmth(most=most), set()
        for one in hosts(40) * 3:
            warm.add(one)
            warm -= set(called(warmth, one))
            assert len(warm) <= most


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
