"""Section 3: requests that look signed, and bodies that two parsers read as two."""

import base64
import statistics
import time
from collections.abc import Iterable

from attack.rows import Play, Row, Section, Tally
from attack.size import Size
from attack.stage import Site, Stage
from support.partner_client import Answered, Header, PartnerClient, ask

_HERE = Section.PARTNER_API
_LIST = "/b2b/webhooks"
_BAD_SIGNATURE = (401, "EAPI:Invalid signature")
_PLATFORM_EVENTS = "/platform/v1/events"


async def _base64(stage: Stage, _size: Size) -> Tally:
    tally, site = Tally(), await stage.site()
    _, client = await site.partner()
    key, nonce, (_, good) = client.signed(_LIST)
    bodies = set()
    for text in _signatures(good):
        answer = await ask(client.port, "GET", _LIST, headers=[key, nonce, ("API-Sign", text)])
        tally.check((answer.status, answer.error) == _BAD_SIGNATURE, f"{text[:60]!r}: {answer}")
        bodies.add(answer.body)
    tally.hold(len(bodies) == 1, f"different bodies: {bodies}")
    last = await ask(client.port, "GET", _LIST, headers=[key, nonce, ("API-Sign", good)])
    tally.check(last.status == 200, f"the good one, last: {last}")
    return tally


def _signatures(good: str) -> Iterable[str]:
    raw = base64.b64decode(good)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    # The last letter carries two bits of the signature and four that must be zero.
    yield from (good[:85] + letter + "==" for letter in letters if letter != good[85])
    yield from (good[:position] + "!" + good[position + 1 :] for position in range(0, 88, 8))
    yield from ("", "=", "==", "A", good[:-1], good[:-2], good + "=", good + "A", good.rstrip("="), "A" * 10_240)
    yield from (good.replace("=", "%3D"), good.lower(), good + "," + good, '"' + good + '"', "é" * 88, "\x80" * 88)
    yield from (base64.urlsafe_b64encode(raw).decode().replace("=", "."), raw.hex(), good[:44] + " " + good[44:])
    yield from (base64.b64encode(part).decode() for part in (raw[:32], raw + b"\0", raw * 2, bytes(64), b"\xff" * 64))


async def _targets(stage: Stage, _size: Size) -> Tally:
    """Sign one target and ask for another that some program takes for the same."""
    tally, site = Tally(), await stage.site()
    _, client = await site.partner()
    for signed, sent in _pairs():
        answer = await ask(client.port, "GET", sent, headers=client.signed(signed))
        right = answer.status == 404 or (answer.status, answer.error) == _BAD_SIGNATURE
        tally.check(right, f"{signed} as {sent}: {answer}")
    for target in (f"{_LIST}?a=%2F&b=//&c=a+b%20c;d", f"{_LIST}?", f"{_LIST}?%", f"{_LIST}?a=1&a=2"):
        answer = await ask(client.port, "GET", target, headers=client.signed(target))
        tally.check(answer.status == 200, f"signed as sent, {target}: {answer}")
    return tally


def _pairs() -> Iterable[tuple[str, str]]:
    query = f"{_LIST}?a=1&b=x%20y"
    for other in (
        "a=1&b=x+y",
        "b=x%20y&a=1",
        "a=1&b=x%20y&",
        "&a=1&b=x%20y",
        "a=%31&b=x%20y",
        "a=1;b=x%20y",
        "",
        "A=1&b=x%20y",
    ):
        yield query, f"{_LIST}?{other}"
    yield query, _LIST
    yield _LIST, f"{_LIST}?"
    yield f"{_LIST}?", _LIST
    for path in ("/b2b//webhooks", "//b2b/webhooks", "/b2b/webhooks/", "/b2b/./webhooks", "/x/../b2b/webhooks"):
        yield _LIST, path
        yield path, path
        yield path, _LIST
    for path in (
        "/b2b/%77ebhooks",
        "/b2b%2Fwebhooks",
        "/b2b/webhooks;x",
        "/b2b/webhooks%00",
        "/b2b/webhooks%3F",
        "/B2B/webhooks",
    ):
        yield _LIST, path
        yield path, path
        yield path, _LIST


async def _headers(stage: Stage, _size: Size) -> Tally:
    """Each of the three headers missing, doubled, joined, emptied or misspelled."""
    tally, site = Tally(), await stage.site()
    _, client = await site.partner()
    for headers in _odd_headers(client):
        answer = await ask(client.port, "GET", _LIST, headers=headers)
        tally.check(answer.status == 401, f"{[name for name, _ in headers]}: {answer}")
    return tally


def _odd_headers(client: PartnerClient) -> Iterable[list[Header]]:
    for position in range(3):
        for again in (lambda one: one, lambda one: (one[0].lower(), one[1]), lambda one: (one[0], "x")):
            signed = client.signed(_LIST)
            yield [*signed, again(signed[position])]
            yield [again(signed[position]), *signed]
        signed = client.signed(_LIST)
        name, value = signed[position]
        others = signed[:position] + signed[position + 1 :]
        yield others
        yield from (
            [*others, (name, text)] for text in ("", f"{value},{value}", f"{value} {value}", f'"{value}"', "x" * 9000)
        )
        yield [*others, (name.replace("-", "_"), value)]
        yield [*others, (f"X-{name}", value)]
    yield []


async def _json(stage: Stage, _size: Size) -> Tally:
    """What lenient parsers take, to both APIs."""
    tally, site = Tally(), await stage.site()
    _, client = await site.partner("attacker.com")
    for body in _bodies(b'"url":"https://attacker.com/"'):
        answer = await client.send("POST", _LIST, body)
        tally.check(answer.status in {400, 413}, f"partner {body[:60]!r}: {answer.status} {answer.body[:100]!r}")
    for body in _bodies(b'"events":[{"partner":"a","payload":{}}]'):
        answer = await _publish(site, body)
        tally.check(answer.status in {400, 413, 422}, f"platform {body[:60]!r}: {answer.status} {answer.body[:100]!r}")
    for length in (64 * 1024 + 1, 10**9):
        answer = await ask(site.port, "POST", _LIST, headers=[("Content-Length", str(length))], length=False)
        tally.check(answer.status == 413, f"announced {length}: {answer}")
    announced = [("Authorization", f"Bearer {site.token}"), ("Content-Length", str(5 * 1024 * 1024 + 1))]
    answer = await ask(site.port, "POST", _PLATFORM_EVENTS, headers=announced, length=False)
    tally.check(answer.status == 413, f"announced to the platform API: {answer}")
    tally.hold(not (await client.call("GET", _LIST)).result["webhooks"], "something was registered")
    return tally


async def _publish(site: Site, body: bytes) -> Answered:
    headers = [("Authorization", f"Bearer {site.token}")]
    return await ask(site.port, "POST", _PLATFORM_EVENTS, headers=headers, body=body)


def _bodies(member: bytes) -> Iterable[bytes]:
    whole = b"{" + member + b"}"
    yield from (
        b"{" + member + b"," + member + b"}",
        b'{"a":{"b":1,"b":2},' + member + b"}",
        b'{"\\u0061":1,"a":2,' + member + b"}",
    )
    yield from (
        b'{"a":' + number + b"," + member + b"}"
        for number in (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"01", b"+1", b".5", b"1.", b"0x1")
    )
    yield from (b"\xef\xbb\xbf" + whole, whole.decode().encode("utf-16"), whole.decode().encode("utf-32"))
    yield from (
        b'{"a":"' + bad + b'",' + member + b"}"
        for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\\ud800", b"\n", b"\x00")
    )
    yield from (
        b'{"a":' + b"[" * 33 + b"]" * 33 + b"," + member + b"}",
        b"[" * 30_000,
        b'{"a":' * 5_000,
        b"[" * 30_000 + b"]" * 30_000,
    )
    yield from (
        whole + b"x",
        whole + whole,
        whole + b"\x00",
        b"[" + whole + b"]",
        b'"x"',
        b"1",
        b"null",
        b"true",
        b"{",
        b"}",
        b" ",
    )
    yield from (
        b"{'a':1," + member + b"}",
        b"{a:1," + member + b"}",
        b"{" + member + b",}",
        b"/**/" + whole,
        whole + b"//",
    )
    yield b'{"a":' + b"9" * 5000 + b"," + member + b"}"
    yield b"{" + member[:-1] + b"\x80" + member[-1:] + b"}"


async def _timing(stage: Stage, size: Size) -> Tally:
    """Ask with unknown keys and with known ones. Told, and not judged: a machine's noise is no verdict."""
    tally, site = Tally(), await stage.site()
    _, client = await site.partner()
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    keys = [("known", client.key), ("unknown", "A" * len(client.key))]
    for _ in range(max(30, 600 // size.every)):
        keys.reverse()
        for kind, key in keys:
            headers = [("API-Key", key), ("API-Nonce", "1"), ("API-Sign", "A" * 86 + "==")]
            began = time.perf_counter()
            answer = await ask(client.port, "GET", _LIST, headers=headers)
            took[kind].append(time.perf_counter() - began)
            tally.check(answer.status == 401, f"{kind}: {answer}")
    said = ", ".join(f"{kind} {statistics.median(times) * 1e6:.0f} µs" for kind, times in took.items())
    tally.note(f"median: {said}")
    return tally


def _row(name: str, attack: str, expected: str, play: Play) -> Row:
    return Row(name=name, section=_HERE, attack=attack, expected=expected, play=play)


ROWS = (
    _row(
        "signature-base64",
        "one good signature in other spellings: stray bits, missing and further padding, junk, another alphabet, 10 kB",
        "401 with the same body for all, and the good spelling succeeds afterwards",
        _base64,
    ),
    _row(
        "signature-target",
        "a signature for one target with another: escapes, doubled and trailing slashes, dots, `;`, `+`, order, case",
        "401 or 404; every query that is signed as sent succeeds",
        _targets,
    ),
    _row(
        "auth-headers",
        "authentication headers missing, doubled, joined, empty, misspelled",
        "401",
        _headers,
    ),
    _row(
        "json",
        "duplicate keys, NaN, marks, bad UTF-8, depth, length and everything else that is nearly JSON, to both APIs",
        "400, 413 or 422, nothing registered, never 500",
        _json,
    ),
    _row(
        "timing",
        "bad signatures for known and unknown keys",
        "401 for both (constant time: by construction, told and not judged)",
        _timing,
    ),
)
