"""Answers are used for thirty seconds and failures for two; one question serves all who ask at the same time."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from support.dns_server import DnsServer
from support.waiting import until
from support.wire import SetClock
from tidings.core.instants import span
from tidings.sender.resolver import LOOKUPS_PER_PARTNER, Resolver

NAME = "hooks.acme.com"
ADDRESS = "192.0.2.7"
WITHIN = span(3)


@pytest_asyncio.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with DnsServer() as server:
        server.zone[NAME] = (ADDRESS,)
        yield server


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest_asyncio.fixture
async def resolver(dns: DnsServer, clock: SetClock) -> AsyncIterator[Resolver]:
    made = Resolver(servers=[dns.address], clock=clock)
    yield made
    await made.close()


async def test_both_kinds_of_address_are_asked_for_once(resolver: Resolver, dns: DnsServer) -> None:
    dns.zone[NAME] = (ADDRESS, "2001:db8::7", "192.0.2.8")
    addresses = await resolver.addresses("acme", NAME, within=WITHIN)
    assert set(addresses) == {ADDRESS, "192.0.2.8", "2001:db8::7"}
    assert dns.asked == {(NAME, "A"): 1, (NAME, "AAAA"): 1}


async def test_an_answer_is_used_for_thirty_seconds_and_no_longer(
    resolver: Resolver, dns: DnsServer, clock: SetClock
) -> None:
    dns.ttl = 3600
    await resolver.addresses("acme", NAME, within=WITHIN)
    clock.pass_(29.9)
    assert resolver.known(NAME, clock.monotonic()) == (ADDRESS,)
    clock.pass_(0.2)
    assert resolver.known(NAME, clock.monotonic()) is None
    dns.zone[NAME] = ("192.0.2.9",)
    assert await resolver.addresses("acme", NAME, within=WITHIN) == ("192.0.2.9",)
    assert dns.asked[NAME, "A"] == 2


async def test_a_failure_is_used_for_two_seconds(resolver: Resolver, dns: DnsServer, clock: SetClock) -> None:
    assert await resolver.addresses("acme", "lost.acme.com", within=WITHIN) == ()
    clock.pass_(1.9)
    assert await resolver.addresses("acme", "lost.acme.com", within=WITHIN) == ()
    assert dns.asked["lost.acme.com", "A"] == 1
    clock.pass_(0.2)
    dns.zone["lost.acme.com"] = (ADDRESS,)
    assert await resolver.addresses("acme", "lost.acme.com", within=WITHIN) == (ADDRESS,)


async def test_many_who_ask_at_once_share_one_question(resolver: Resolver, dns: DnsServer) -> None:
    asking = [resolver.addresses(f"partner-{one}", NAME, within=WITHIN) for one in range(50)]
    assert set(await asyncio.gather(*asking)) == {(ADDRESS,)}
    assert dns.asked == {(NAME, "A"): 1, (NAME, "AAAA"): 1}


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others(resolver: Resolver, dns: DnsServer) -> None:
    dns.hold()
    first = asyncio.create_task(resolver.addresses("acme", NAME, within=WITHIN))
    second = asyncio.create_task(resolver.addresses("other", NAME, within=WITHIN))
    await until(lambda: len(dns.asked) == 2)
    first.cancel()
    dns.release()
    assert await second == (ADDRESS,)


async def test_a_partner_has_a_bounded_number_of_look_ups_under_way(resolver: Resolver, dns: DnsServer) -> None:
    dns.hold()
    names = [f"h{one}.acme.com" for one in range(LOOKUPS_PER_PARTNER * 3)]
    dns.zone |= dict.fromkeys(names, (ADDRESS,))
    crowd = [asyncio.create_task(resolver.addresses("acme", name, within=WITHIN)) for name in names]
    await until(lambda: len({name for name, _ in dns.asked}) == LOOKUPS_PER_PARTNER)
    other = asyncio.create_task(resolver.addresses("other", NAME, within=WITHIN))
    await until(lambda: dns.asked[NAME, "A"] == 1)
    assert len({name for name, _ in dns.asked}) == LOOKUPS_PER_PARTNER + 1
    dns.release()
    assert await other == (ADDRESS,)
    assert set(await asyncio.gather(*crowd)) == {(ADDRESS,)}


async def test_silence_ends_with_the_time_of_whoever_asked(resolver: Resolver, dns: DnsServer) -> None:
    dns.silent.add(NAME)
    began = time.monotonic()
    assert await resolver.addresses("acme", NAME, within=span(0.2)) == ()
    assert time.monotonic() - began < 0.7


async def test_silence_on_one_kind_leaves_the_other(resolver: Resolver, dns: DnsServer) -> None:
    dns.silent_types.add("AAAA")
    assert await resolver.addresses("acme", NAME, within=WITHIN) == (ADDRESS,)


@pytest.mark.parametrize("name", ["localhost", "ip6-localhost"])
async def test_the_hosts_file_is_ignored(resolver: Resolver, name: str) -> None:
    assert await resolver.addresses("acme", name, within=WITHIN) == ()


async def test_closing_ends_a_look_up_without_cancelling_who_waits(resolver: Resolver, dns: DnsServer) -> None:
    dns.hold()
    waiting = asyncio.create_task(resolver.addresses("acme", NAME, within=WITHIN))
    await until(lambda: len(dns.asked) == 2)
    await resolver.close()
    assert await waiting == ()


async def test_cancelling_who_waits_is_felt(resolver: Resolver, dns: DnsServer) -> None:
    dns.hold()
    waiting = asyncio.create_task(resolver.addresses("acme", NAME, within=WITHIN))
    await until(lambda: len(dns.asked) == 2)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_look_up_goes_to_a_fresh_channel_while_another_is_under_way(
    resolver: Resolver, dns: DnsServer, clock: SetClock
) -> None:
    dns.zone["slow.acme.com"] = (ADDRESS,)
    await resolver.addresses("acme", NAME, within=WITHIN)
    clock.pass_(31)
    dns.hold()
    slow = asyncio.create_task(resolver.addresses("acme", "slow.acme.com", within=WITHIN))
    again = asyncio.create_task(resolver.addresses("acme", NAME, within=WITHIN))
    await until(lambda: dns.asked[NAME, "AAAA"] == 2 and dns.asked["slow.acme.com", "AAAA"] == 1)
    dns.release()
    assert (await slow, await again) == ((ADDRESS,), (ADDRESS,))
