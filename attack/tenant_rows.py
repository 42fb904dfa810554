"""Section 3: another partner's webhooks, and too many requests."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterable

from attack.holdings import rows_of
from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import Kind, Site, Stage
from support.partner_client import Answered, Header, PartnerClient, ask

_HERE = Section.PARTNER_API
_LIST = "/b2b/webhooks"
_UNKNOWN = "WHAAAAAA-AAAAA-AAAAAA"
_BURST, _PER_SECOND = 20, 2
_TIMES = 10
_PROXY, _CALLER, _OTHER = "127.0.0.9", "127.0.0.2", "127.0.0.3"


async def _foreign_ids(stage: Stage, _size: Size) -> Tally:
    """Every call with the other partner's ids, in both directions, beside the same call with an id that nobody has."""
    tally = Tally()
    async with stage.own_site() as site:
        hooks = await site.hooks([*stage.names("one", 1), *stage.names("gone", 1)])
        others = await site.hooks(stage.names("two", 2))
        await site.publish(hooks[0].partner)
        gone = hooks[1]
        assert (await gone.client.call("DELETE", f"{_LIST}/{gone.id}")).status == 200
        for attacker, victims in ((others[0].client, hooks), (hooks[0].client, others)):
            before = rows_of(site, but_key=attacker.key)
            for name in (victim.id for victim in victims):
                await _as_unknown(tally, attacker, name)
            listed = (await attacker.call("GET", _LIST)).result["webhooks"]
            tally.check(not {one["id"] for one in listed} & {one.id for one in victims}, f"listed: {listed}")
            after = rows_of(site, but_key=attacker.key)
            tally.hold(before == after, f"the database changed: {set(before) ^ set(after)}")
            tally.hold(bool(before), "nothing was compared")
            tally.note(f"{len(before)} rows of the database compared")
    return tally


async def _as_unknown(tally: Tally, attacker: PartnerClient, name: str) -> None:
    spellings = (name, name.lower(), f"{name};", f"{name}%20", name.replace("-", "%2D"), f"{name}?id={_UNKNOWN}")
    for spelling, (method, rest, document) in itertools.product(spellings, _CALLS):
        foreign = await attacker.call(method, f"{_LIST}/{spelling}{rest}", document)
        twin = spelling.replace(name, _UNKNOWN).replace(name.lower(), _UNKNOWN.lower())
        twin = twin.replace(name.replace("-", "%2D"), _UNKNOWN.replace("-", "%2D"))
        unknown = await attacker.call(method, f"{_LIST}/{twin}{rest}", document)
        tally.check(
            foreign.status in {400, 404, 405} and bare(foreign) == bare(unknown),
            f"{method} {spelling}{rest}: {foreign}",
        )
        tally.saw(f"status {foreign.status}:")


_CALLS: tuple[tuple[str, str, dict[str, object] | None], ...] = (
    ("PATCH", "", {"enabled": False}),
    ("PATCH", "", {"events": []}),
    ("PATCH", "", {}),
    ("PATCH", "", {"events": ["no.such"]}),
    ("PATCH", "", {"enabled": "yes"}),
    ("DELETE", "", None),
    ("DELETE", "", {}),
    ("POST", "/test", None),
    ("POST", "/test", {}),
    ("GET", "", None),
    ("PUT", "", {}),
    ("POST", "/rotate", None),
)


def bare(answer: Answered) -> tuple[int, list[Header], bytes]:
    """Return all of an answer but its trace id, which is another one each time."""
    return answer.status, [(name, value) for name, value in answer.headers if name.lower() != "x-trace-id"], answer.body


async def _key_floods(stage: Stage, _size: Size) -> Tally:
    """Ten times the limit of a key, spread over two processes: they share one bucket."""
    tally = Tally()
    limits = {"TIDINGS_RATE_LIMIT": f"{_BURST}/{_PER_SECOND}"}
    async with stage.own_site(limits, kind=Kind.POSTGRESQL, processes=2) as site:
        _, loud = await site.partner()
        _, calm = await site.partner()
        began = asyncio.get_running_loop().time()
        answers = []
        ports = itertools.cycle(service.port for service in site.services)
        for number in range(_BURST * _TIMES):
            answers.append(await ask(next(ports), "GET", _LIST, headers=loud.signed(_LIST)))
            if number % (2 * _TIMES) == 0:
                other = await ask(next(ports), "GET", _LIST, headers=calm.signed(_LIST))
                tally.check(other.status == 200, f"the calm partner: {other}")
        most = _BURST + _PER_SECOND * (asyncio.get_running_loop().time() - began) + 1
        _limited(tally, answers, most)
    return tally


async def _address_floods(stage: Stage, _size: Size) -> Tally:
    """Ten times the limit of an address, with forged forwarding headers; then the same through a trusted proxy."""
    tally = Tally()
    limits = {"TIDINGS_RATE_LIMIT_ADDRESS": f"{_BURST}/{_PER_SECOND}", "TIDINGS_TRUSTED_PROXIES": f"{_PROXY}/32"}
    async with stage.own_site(limits) as site:
        for source, forged in ((_CALLER, _forged()), (_PROXY, _through_proxy())):
            began = asyncio.get_running_loop().time()
            answers = []
            for number, headers in enumerate(itertools.islice(forged, _BURST * _TIMES)):
                answers.append(await ask(site.port, "GET", _LIST, headers=headers, source=source))
                if number % (2 * _TIMES) == 0:
                    other = await ask(site.port, "GET", "/b2b/openapi.json", source=_OTHER)
                    tally.check(other.status == 200, f"another address: {other.status}")
            most = _BURST + _PER_SECOND * (asyncio.get_running_loop().time() - began) + 1
            _limited(tally, answers, most)
        await _behind_proxy(site, tally)
    return tally


def _forged() -> Iterable[list[Header]]:
    """Yield the headers of somebody who pretends to be somebody else each time."""
    names = itertools.cycle(
        ("X-Forwarded-For", "x-forwarded-for", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP")
    )
    return ([(name, f"198.18.0.{number % 250}")] for number, name in enumerate(names))


def _through_proxy() -> Iterable[list[Header]]:
    """Yield what a trusted proxy passes on for one caller, who forges what stands before the proxy's own entry."""
    return ([("X-Forwarded-For", f"198.18.1.{number % 250}, 93.184.215.77")] for number in itertools.count())


async def _behind_proxy(site: Site, tally: Tally) -> None:
    """Callers behind the proxy are told apart."""
    for number in range(_BURST * 2):
        headers = [("X-Forwarded-For", f"93.184.216.{number}")]
        answer = await ask(site.port, "GET", "/b2b/openapi.json", headers=headers, source=_PROXY)
        tally.check(answer.status == 200, f"caller {number} behind the proxy: {answer.status}")


def _limited(tally: Tally, answers: list[Answered], most: float) -> None:
    counted = Counter(answer.status for answer in answers)
    tally.tried += len(answers)
    through = len(answers) - counted[429]
    tally.hold(_BURST <= through <= most, f"{through} came through, at most {most:.0f} may: {dict(counted)}")
    for answer in answers:
        wait = int(answer.header("retry-after") or 0)
        told = answer.status != 429 or (wait >= 1 and answer.error == "EAPI:Rate limit exceeded")
        tally.hold(told and answer.status < 500, f"{answer}")
    tally.saw("answers 429:", counted[429])


ROWS = (
    Row(
        name="foreign-ids",
        section=_HERE,
        attack="two partners, every call with the other's ids, deleted ones too, in several spellings",
        expected="byte for byte the answer to an unknown id (trace id aside), and no row of the database changed",
        play=_foreign_ids,
    ),
    Row(
        name="floods-by-key",
        section=_HERE,
        attack="10 × the limit of a key, over two processes on PostgreSQL",
        expected="429 with `Retry-After` beyond the shared limit, another partner unaffected",
        play=_key_floods,
    ),
    Row(
        name="floods-by-address",
        section=_HERE,
        attack="10 × the limit of an address before authentication, with forged forwarding headers, directly and "
        "through a trusted proxy",
        expected="429 with `Retry-After` beyond the limit, other addresses and other callers of the proxy unaffected",
        play=_address_floods,
    ),
)
