"""Section 2: where a name may lead, at every moment at which it is looked up."""

import asyncio
from collections.abc import Sequence
from functools import partial

from attack import special_addresses
from attack.hostile_dns import Script, always, in_turns
from attack.points import BLOCKED, POINTS, publish_to, rebound
from attack.rows import Play, Row, Section, Tally
from attack.size import Size
from attack.stage import DOMAIN, PUBLIC, Site, Stage

_HERE = Section.ADDRESSES
_PUBLIC_V6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
_ALLOWED = "192.168.0.120"
_MANY = 100


async def _at_point(stage: Stage, size: Size, *, point: str) -> Tally:
    """Lead to every special address at one point, alone and among ordinary ones."""
    tally, site, before = Tally(), await stage.site(), stage.canary.count
    await POINTS[point](stage, site, tally, [*_alone(size), *_mixed(size), *_crowds()])
    _hold_canary(stage, tally, before)
    return tally


def _alone(size: Size) -> list[Script]:
    return [always(address) for address in special_addresses.every()[:: size.every]]


def _mixed(size: Size) -> list[Script]:
    """One bad answer among good ones is as bad as it is alone, wherever it stands."""
    bad = special_addresses.FAMOUS[:: min(size.every, 4)]
    return [
        *(always(PUBLIC, address) for address in bad),
        *(always(address, PUBLIC, _PUBLIC_V6) for address in bad),
    ]


def _crowds() -> list[Script]:
    ordinary = [f"93.184.{number // 250}.{number % 250 + 1}" for number in range(_MANY)]
    return [always(*ordinary), always(*ordinary[:17]), always(*ordinary[:50], "10.0.0.5"), always(*ordinary, "::1")]


async def _ordinary_addresses(stage: Stage, _size: Size) -> Tally:
    """The neighbours of the special ranges are called: a defence that refuses everybody is none."""
    tally, site = Tally(), await stage.site()
    names = stage.names("neighbour", len(special_addresses.ORDINARY))
    for name, address in zip(names, special_addresses.ORDINARY, strict=True):
        stage.dns.scripts[name] = always(address)
    before = stage.canary.count
    hooks = await site.hooks(names)
    for hook in hooks:
        said = (await hook.client.call("POST", f"/b2b/webhooks/{hook.id}/test")).result
        # Nobody speaks TLS there, but somebody was called: the canary counts it.
        right = said["error_message"] == "The TLS handshake failed or the certificate is not valid for this host."
        tally.check(right, f"{stage.dns.scripts[hook.host](1)}: {said['error_message']}")
    called = stage.canary.count - before
    tally.hold(called >= len(hooks), f"only {called} of {len(hooks)} were called")
    return tally


async def _rebinding(stage: Stage, size: Size) -> Tally:
    """Answer in turns, ordinary and inside, at every look-up of a thousand deliveries."""
    tally, site, before = Tally(), await stage.site(), stage.canary.count
    inside = special_addresses.FAMOUS
    names = stage.names("turns", min(size.deliveries, 100))
    for number, name in enumerate(names):
        stage.dns.scripts[name] = in_turns(PUBLIC, inside[number % len(inside)])
    hooks = await site.hooks(names)
    deliveries = await publish_to(site, hooks, times=max(2, size.deliveries // len(names)))
    for one in deliveries:
        told = (one["state"], one["last_outcome"])
        tally.saw(str(one["last_outcome"]))
        tally.check(told in {("delivered", "ok"), ("failed", BLOCKED)}, f"{one['url']}: {told}")
    tally.hold(len(tally.seen) == 2, f"both answers should have been met: {tally.seen}")
    _hold_canary(stage, tally, before)
    return tally


async def _kept_answers(stage: Stage, size: Size) -> Tally:
    """Lead inside right after registering: what was learned then is reused for 30 seconds and not for longer."""
    tally, before = Tally(), stage.canary.count
    async with stage.own_site({"TIDINGS_RETRY_WINDOW": "120"}, forgetful=False) as site:
        answers = [always(address) for address in special_addresses.FAMOUS]
        hooks = await rebound(stage, site, answers)
        first = await publish_to(site, hooks)
        tally.check(all(one["state"] == "delivered" for one in first), f"with the answer of a moment ago: {first[:1]}")
        if size.every == 1:
            await asyncio.sleep(31)
            later = [one for one in await publish_to(site, hooks) if one not in first]
            for one in later:
                tally.check(one["last_outcome"] == BLOCKED, f"31 s later: {one}")
            tally.hold(len(later) == len(hooks), f"{len(later)} deliveries later")
    _hold_canary(stage, tally, before)
    return tally


async def _chains(stage: Stage, _size: Size) -> Tally:
    """Hide the address behind aliases, and behind an answer over TCP that differs from the one over UDP."""
    tally, site, before = Tally(), await stage.site(), stage.canary.count
    names = stage.names("chain", len(special_addresses.FAMOUS) * 2)
    for number, name in enumerate(names):
        address = special_addresses.FAMOUS[number // 2]
        if number % 2:
            del stage.dns.scripts[name]
            stage.dns.truncated[name] = (PUBLIC, address)
        else:
            _alias(stage, name, address, links=1 + number % 8)
    for start in range(0, len(names), 100):
        some = names[start : start + 100]
        _, client = await site.partner(*some)
        for name in some:
            answer = await client.call("POST", "/b2b/webhooks", {"url": f"https://{name}/", "enabled": True})
            tally.check(answer.status == 400, f"{name}: {answer.status} {answer.body!r}")
    await _endless_alias(stage, site, tally)
    _hold_canary(stage, tally, before)
    return tally


def _alias(stage: Stage, name: str, address: str, *, links: int) -> None:
    at = name
    for link in range(links):
        stage.dns.aliases[at] = f"link-{link}.{name}"
        at = stage.dns.aliases[at]
    stage.dns.scripts[at] = always(address)


async def _endless_alias(stage: Stage, site: Site, tally: Tally) -> None:
    """An alias of an alias, forty of them, that ends nowhere: the name is not resolved, and nothing hangs."""
    (name,) = stage.names("endless", 1)
    at = name
    for link in range(40):
        stage.dns.aliases[at] = f"l{link}.{name}"
        at = stage.dns.aliases[at]
    (hook,) = await site.hooks([name])
    said = (await hook.client.call("POST", f"/b2b/webhooks/{hook.id}/test")).result
    tally.check(said["error_message"] == "The host name could not be resolved.", f"{said}")


async def _slow_names(stage: Stage, size: Size) -> Tally:
    """Names that are never answered, or late: their partner waits, nobody else does."""
    tally, site = Tally(), await stage.site()
    silent, late = stage.names("silent", 40 if size.every == 1 else 8), stage.names("late", 4)
    healthy_name = stage.names("healthy", 1)
    victims, (healthy,) = await site.hooks([*silent, *late], each=100), await site.hooks(healthy_name)
    stage.dns.silent |= set(silent)
    stage.dns.late |= dict.fromkeys(late, 5.0)
    payload = {"event_type": "user.verified", "iiban": "A", "timestamp": "2025-01-15T10:30:00.000000000Z"}
    await site.platform.publish({"partner": victims[0].partner, "payload": payload})
    ended = []
    for _ in range(10):
        (*_, newest) = sorted(await site.publish(healthy.partner), key=lambda one: str(one["created_at"]))
        ended.append(newest)
        tally.check(newest["state"] == "delivered", f"healthy: {newest}")
    still = await site.platform.deliveries(partner=victims[0].partner)
    tally.hold(any(one["finished_at"] is None for one in still), "the slow names were over before the healthy ones")
    for one in await site.ended(victims[0].partner):
        tally.saw(str(one["last_outcome"]))
        tally.check(one["last_outcome"] == "dns_failed", f"{one['url']}: {one['last_outcome']}")
    return tally


async def _exceptions(stage: Stage, _size: Size) -> Tally:
    """An exception opens one address on one port; the canary counts there, which shows that it can count."""
    tally = Tally()
    async with stage.own_site({"TIDINGS_EGRESS_ALLOW": f"{_ALLOWED}/32:443"}) as site:
        names = stage.names("pair", 3)
        hooks = await site.hooks(names)
        places = {names[0]: (_ALLOWED, 1), names[1]: ("192.168.0.121", 0), names[2]: ("192.168.0.119", 0)}
        for hook in hooks:
            address, expected = places[hook.host]
            stage.dns.scripts[hook.host] = always(address)
            before = stage.canary.count
            await hook.client.call("POST", f"/b2b/webhooks/{hook.id}/test")
            counted = stage.canary.count - before
            tally.check(counted == expected, f"{address}: {counted} connections")
            tally.saw("connections at the allowed pair", counted)
        _, client = await site.partner(_ALLOWED, names[0])
        for url, status in {
            f"https://{_ALLOWED}/": 200,
            f"https://{_ALLOWED}:22/": 400,
            f"https://{_ALLOWED}:8443/": 400,
            f"https://{names[0]}:8443/": 400,
            f"https://{names[0]}:22/": 400,
            "https://192.168.0.121/": 400,
            "https://192.168.0.0120/": 400,
            "https://[::ffff:192.168.0.120]/": 400,
        }.items():
            answer = await client.call("POST", "/b2b/webhooks", {"url": url})
            tally.check(answer.status == status, f"{url}: {answer.status} {answer.body!r}")
        await _exception_withdrawn(stage, site, tally)
    return tally


async def _exception_withdrawn(stage: Stage, site: Site, tally: Tally) -> None:
    """What was registered under an exception is judged by today's rules at every attempt."""
    name, client = await site.partner(_ALLOWED)
    await client.register(f"https://{_ALLOWED}/hook", enabled=True, events=["user.verified"])
    await site.restart(TIDINGS_EGRESS_ALLOW="")
    before = stage.canary.count
    (one,) = await site.publish(name)
    tally.check(one["last_outcome"] == BLOCKED, f"after the exception was withdrawn: {one}")
    _hold_canary(stage, tally, before)


async def _surroundings(stage: Stage, _size: Size) -> Tally:
    """Proxies in the environment, /etc/hosts and search domains that lead astray."""
    tally, before = Tally(), stage.canary.count
    proxy = "http://10.0.0.5:8080"
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
    async with stage.own_site(dict.fromkeys(names, proxy) | {"NO_PROXY": "", "no_proxy": ""}) as site:
        stage.dns.scripts[f"etc-hosts.{DOMAIN}"] = always(PUBLIC)
        (hook,) = await site.hooks([f"etc-hosts.{DOMAIN}"])
        said = (await hook.client.call("POST", f"/b2b/webhooks/{hook.id}/test")).result
        tally.check(said["result"] == "success", f"with proxies and /etc/hosts: {said}")
        # Not a name of its own, but one below the search domain.
        stage.dns.scripts[f"found.nowhere.{DOMAIN}"] = always(PUBLIC)
        (lost,) = await site.hooks(["found.nowhere"])
        said = (await lost.client.call("POST", f"/b2b/webhooks/{lost.id}/test")).result
        tally.check(said["error_message"] == "The host name could not be resolved.", f"search domain: {said}")
        tally.hold(not stage.dns.asked[f"found.nowhere.{DOMAIN}", "A"], "the search domain was asked")
    _hold_canary(stage, tally, before)
    return tally


def _hold_canary(stage: Stage, tally: Tally, before: int) -> None:
    new = stage.canary.count - before
    tally.saw("connections at the canary", new)
    tally.hold(new == 0, f"{new} connections at the canary: {dict(stage.canary.counted)}")


def _row(name: str, attack: str, expected: str, play: Play) -> Row:
    return Row(name=name, section=_HERE, attack=attack, expected=expected, play=play)


_ADDRESSES = "a name that leads to each special address, alone, beside ordinary ones, or among 17 to 101 answers"
_WHEN: Sequence[tuple[str, str, str]] = (
    ("register", f"{_ADDRESSES}: when it is registered", "400 for `url`, 0 connections"),
    (
        "test",
        f"{_ADDRESSES}, since it was registered: when a test is asked for",
        "a failure with our text, 0 connections",
    ),
    ("first attempt", f"{_ADDRESSES}, since it was registered: first attempt", "failed for good, 0 connections"),
    ("retry", f"{_ADDRESSES}, since a first attempt that got 503: retry", "failed for good, 0 connections"),
    ("redelivery", f"{_ADDRESSES}, since a delivery that arrived: redelivery", "failed for good, 0 connections"),
    ("redirect", "answers 300–308 with and without Location, to every famous address", "never followed, 0 connections"),
)
ROWS = (
    *(
        _row(f"point-{point.replace(' ', '-')}", attack, expected, partial(_at_point, point=point))
        for point, attack, expected in _WHEN
    ),
    _row(
        "rebinding",
        "names that answer in turns, ordinary and inside, at every look-up",
        "each delivery arrives or is refused, 0 connections at the canary",
        _rebinding,
    ),
    _row(
        "kept-answers",
        "names that lead inside from the moment they were registered, without asking anew for each attempt",
        "the vetted answer is reused for 30 s, then refused; 0 connections at the canary",
        _kept_answers,
    ),
    _row(
        "chains",
        "chains of aliases to special addresses, one without an end; UDP answers cut off, with others over TCP",
        "refused, or not resolved; 0 connections at the canary",
        _chains,
    ),
    _row(
        "slow-names",
        "names that are never answered, or after 5 s, beside a healthy receiver",
        "`dns_failed`, and the healthy receiver gets everything meanwhile",
        _slow_names,
    ),
    _row(
        "exceptions",
        "192.168.0.120:443 is allowed: neighbours, other ports, other spellings, the time after it was withdrawn",
        "only the pair is called (and counted by the canary), all else refused",
        _exceptions,
    ),
    _row(
        "ordinary-addresses",
        "the ordinary neighbours of every special range",
        "called: the canary counts them",
        _ordinary_addresses,
    ),
    _row(
        "surroundings",
        "proxy variables to an internal address, /etc/hosts and a search domain of the attacker's",
        "ignored; 0 connections at the canary",
        _surroundings,
    ),
)
