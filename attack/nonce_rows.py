"""Section 3: a nonce is good for one request, however many come with it at the same moment."""

import asyncio
import itertools
from asyncio import StreamReader, StreamWriter
from collections import Counter
from functools import partial

from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import Kind, Site, Stage
from support.partner_client import Answered, PartnerClient, ask, read_answer, spelled

_HERE = Section.PARTNER_API
_LIST = "/b2b/webhooks"
_REPLAYED = (401, "EAPI:Invalid nonce")
_HIGHEST = 2**64 - 1


async def _volleys(stage: Stage, size: Size, *, kind: Kind, processes: int) -> Tally:
    """Send the same signed request over many open connections at once, again and again."""
    tally = Tally()
    async with stage.own_site(kind=kind, processes=processes) as site:
        for window in (0, 1000):
            client = await _client(site, window)
            lines = await _connect(site, size.volley)
            try:
                for _ in range(max(1, size.rounds // 2)):
                    _judge(tally, await _volley(lines, client))
            finally:
                for _, writer in lines:
                    writer.close()
    tally.note(f"{tally.tried // size.volley} rounds of {size.volley} requests at once")
    return tally


async def _client(site: Site, window: int) -> PartnerClient:
    name, client = await site.partner()
    if not window:
        return client
    answer = await site.platform.http.post(f"/platform/v1/partners/{name}/keys", json={"nonce_window": window})
    made = answer.json()["result"]
    return PartnerClient(port=site.port, key=made["api_key"], secret=made["api_secret"])


async def _connect(site: Site, count: int) -> list[tuple[StreamReader, StreamWriter]]:
    ports = itertools.cycle(service.port for service in site.services)
    return [await asyncio.open_connection("127.0.0.1", next(ports)) for _ in range(count)]


async def _volley(lines: list[tuple[StreamReader, StreamWriter]], client: PartnerClient) -> list[Answered]:
    sent = spelled("GET", _LIST, headers=client.signed(_LIST))
    # All but the last byte first: then only one byte is missing everywhere, and all come at once.
    for _, writer in lines:
        writer.write(sent[:-1])
    await asyncio.gather(*(writer.drain() for _, writer in lines))
    for _, writer in lines:
        writer.write(sent[-1:])
    return await asyncio.gather(*(read_answer(reader) for reader, _ in lines))


def _judge(tally: Tally, answers: list[Answered]) -> None:
    counted = Counter((answer.status, None if answer.status == 200 else answer.error) for answer in answers)
    tally.tried += len(answers)
    tally.hold(counted == {(200, None): 1, _REPLAYED: len(answers) - 1}, f"a round: {dict(counted)}")
    for (status, _), times in counted.items():
        tally.saw(f"status {status}:", times)


async def _spent_whatever_comes(stage: Stage, _size: Size) -> Tally:
    """A nonce is spent by a request that fails, too."""
    tally, site = Tally(), await stage.site()
    _, client = await site.partner("attacker.com")
    for method, target, body, status in (
        ("DELETE", f"{_LIST}/WHAAAAAA-AAAAA-AAAAAA", b"", 404),
        ("POST", _LIST, b"{}", 400),
        ("POST", _LIST, b"[", 400),
        ("POST", _LIST, b'{"url":"https://elsewhere.com/"}', 403),
        ("POST", f"{_LIST}/x/test", b"", 404),
    ):
        headers = client.signed(target, body)
        first = await ask(client.port, method, target, headers=headers, body=body)
        tally.check(first.status == status, f"{method} {target}: {first}")
        again = await ask(client.port, method, target, headers=headers, body=body)
        tally.check((again.status, again.error) == _REPLAYED, f"replayed {method} {target}: {again}")
    return tally


async def _burning(stage: Stage, size: Size) -> Tally:
    """Try to use up a stranger's nonces: whoever knows a key only knows a name."""
    tally, site = Tally(), await stage.site()
    _, client = await site.partner()
    for number in range(max(5, 100 // size.every)):
        _, nonce, _ = client.signed(_LIST, nonce=str(_HIGHEST - number))
        sign = ("API-Sign", "A" * 86 + "==")
        burnt = await ask(client.port, "GET", _LIST, headers=[("API-Key", client.key), nonce, sign])
        tally.check((burnt.status, burnt.error) == (401, "EAPI:Invalid signature"), f"{burnt}")
        good = await client.call("GET", _LIST)
        tally.check(good.status == 200, f"the next good request: {good}")
    return tally


async def _spellings(stage: Stage, _size: Size) -> Tally:
    """Numbers that a lax parser takes, each rightly signed as it is spelled."""
    tally, site = Tally(), await stage.site()
    _, client = await site.partner()
    for text in _BAD:
        answer = await ask(client.port, "GET", _LIST, headers=client.signed(_LIST, nonce=text))
        tally.check((answer.status, answer.error) == _REPLAYED, f"{text!r}: {answer}")
    for number in (1, 9, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**63 + 1, 10**19, _HIGHEST - 1, _HIGHEST):
        answer = await client.send("GET", _LIST, b"", nonce=str(number))
        tally.check(answer.status == 200, f"{number}: {answer}")
    last = await client.send("GET", _LIST, b"", nonce=str(_HIGHEST))
    tally.check((last.status, last.error) == _REPLAYED, f"the highest again: {last}")
    return tally


_BAD = (
    *(
        "0",
        "00",
        "012",
        "0012",
        "+12",
        "-12",
        "--12",
        "1_000",
        "1,000",
        "1.0",
        "1e3",
        "1E3",
        "0x10",
        "0b1",
        "0o7",
        "1l",
    ),
    *(str(2**64), str(2**64 + 1), str(2**65), "9" * 20, "9" * 21, "9" * 4300, "9" * 9000),
    *("NaN", "inf", "Infinity", "true", "null", "{}", '"12"', "'12'", "12;", "12,13", "12 13", "1\t2", "½", "²"),
    *(text.encode().decode("latin-1") for text in ("１２", "١٢", "१२", "①", "1\u200b2", "\ufeff12", "1\u00a02")),
)


async def _digits_moved(stage: Stage, _size: Size) -> Tally:
    """Nonce and body are hashed without a separator: move digits from one to the other, the signature stays."""
    tally, site = Tally(), await stage.site()
    for nonce in ("12", "1234", "18446744073709551615", "9223372036854775808"):
        for cut in range(1, len(nonce)):
            _, client = await site.partner()
            key, _, sign = client.signed(_LIST, nonce=nonce)
            headers = [key, ("API-Nonce", nonce[:cut]), sign]
            answer = await ask(client.port, "GET", _LIST, headers=headers, body=nonce[cut:].encode())
            tally.check(answer.status in {400, 401}, f"{nonce[:cut]} ‖ {nonce[cut:]}: {answer}")
    _, client = await site.partner("attacker.com")
    body = b'{"url":"https://attacker.com/"}'
    key, _, sign = client.signed(_LIST, body, nonce="1234")
    for cut in (1, 2, 3):
        moved = "1234"[cut:].encode() + body
        answer = await ask(client.port, "POST", _LIST, headers=[key, ("API-Nonce", "1234"[:cut]), sign], body=moved)
        tally.check(answer.status in {400, 401}, f"{moved!r}: {answer}")
    tally.hold(not (await client.send("GET", _LIST, b"", nonce="99999")).result["webhooks"], "something was registered")
    return tally


ROWS = (
    Row(
        name="nonce-volleys-postgresql",
        section=_HERE,
        attack="the same signed request over all connections at the same moment, to four processes on PostgreSQL, "
        "with and without a nonce window",
        expected="exactly one success in each round, all others 401",
        play=partial(_volleys, kind=Kind.POSTGRESQL, processes=4),
    ),
    Row(
        name="nonce-volleys-sqlite",
        section=_HERE,
        attack="the same, to one process on SQLite",
        expected="exactly one success in each round, all others 401",
        play=partial(_volleys, kind=Kind.SQLITE, processes=1),
    ),
    Row(
        name="nonce-spent",
        section=_HERE,
        attack="requests that fail (400, 403, 404), and the same once more",
        expected="the nonce is spent: 401",
        play=_spent_whatever_comes,
    ),
    Row(
        name="nonce-burning",
        section=_HERE,
        attack="a bad signature with the highest nonces, in a stranger's name",
        expected="401, and the stranger's next request succeeds",
        play=_burning,
    ),
    Row(
        name="nonce-spelling",
        section=_HERE,
        attack="nonces as lax parsers read them, rightly signed; the edges of 63 and 64 bits",
        expected="401 for every spelling but canonical decimal, 200 at the edges, never 500",
        play=_spellings,
    ),
    Row(
        name="nonce-body",
        section=_HERE,
        attack="digits moved between nonce and body under one signature",
        expected="400 or 401, nothing changed",
        play=_digits_moved,
    ),
)
