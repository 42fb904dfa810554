"""Section 1: what a partner may register as its callback URL."""

import json

from attack import ordinary_urls, special_addresses, special_urls
from attack.hostile_dns import always
from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import PUBLIC, Stage
from support.partner_client import Answered, PartnerClient

_HERE = Section.URLS
_HOSTS_AT_ONCE = 100


async def _hostile_spellings(stage: Stage, size: Size) -> Tally:
    tally, site = Tally(), await stage.site()
    before = stage.canary.count
    # Every one of them stands on the partner's list, as far as the list takes it: the grammar alone must refuse.
    _, client = await site.partner("attacker.com", "evil.com")
    stage.dns.scripts |= {"attacker.com": always(PUBLIC), "evil.com": always(PUBLIC)}
    for url in special_urls.urls()[:: size.every]:
        answer = await client.call("POST", "/b2b/webhooks", {"url": url, "enabled": True})
        right = answer.status == 400 and answer.error == "EGeneral:Invalid arguments:url" and _says_why(answer)
        tally.check(right, f"{url!r}: {answer.status} {answer.body[:120]!r}")
    tally.hold(await _webhooks(client) == 0, "something was registered")
    _hold_canary(stage, tally, before)
    return tally


async def _ordinary_urls(stage: Stage, size: Size) -> Tally:
    tally, site = Tally(), await stage.site()
    urls = ordinary_urls.urls(size.ordinary)
    hosts = sorted({ordinary_urls.host_of(url) for url in urls})
    stage.dns.scripts |= dict.fromkeys(hosts, always(PUBLIC))
    clients: dict[str, PartnerClient] = {}
    for start in range(0, len(hosts), _HOSTS_AT_ONCE):
        some = hosts[start : start + _HOSTS_AT_ONCE]
        _, client = await site.partner(*some)
        clients |= dict.fromkeys(some, client)
    for url in urls:
        answer = await clients[ordinary_urls.host_of(url)].call("POST", "/b2b/webhooks", {"url": url})
        right = answer.status == 200 and answer.result["webhook"]["url"] == url
        tally.check(right, f"{url!r}: {answer.status} {answer.body[:160]!r}")
    return tally


async def _two_readings(stage: Stage, _size: Size) -> Tally:
    """What was registered is shown as it was sent, and called in its one canonical form."""
    tally, site = Tally(), await stage.site()
    (host,) = stage.names("reading", 1)
    name, client = await site.partner(host)
    called = {
        f"https://{host.upper()}/a": "/a",
        f"https://{host}:443/b": "/b",
        f"https://{host}": "/",
        f"https://{host}?q": "/?q",
        f"https://{host}/c/./d/../e": "/c/e",
        f"https://{host}/%2e%2E/f": "/f",
        f"https://{host}/g%2Fh?x=%2e&y=a+b": "/g%2Fh?x=%2e&y=a+b",
        f'https://{host}/{{id}}|"': "/%7Bid%7D|%22",
    }
    for sent, path in called.items():
        answer = await client.call("POST", "/b2b/webhooks", {"url": sent, "enabled": True, "events": ["user.verified"]})
        shown = answer.result["webhook"]["url"] if answer.status == 200 else answer.body
        before = len(stage.receiver.requests)
        await site.publish(name)
        paths = [request.path for request in stage.receiver.requests[before:]]
        hosts = {request.header("Host") for request in stage.receiver.requests[before:]}
        tally.check(
            shown == sent and paths == [path] and hosts == {host}, f"{sent}: shown {shown!r}, called {hosts} {paths}"
        )
        if answer.status == 200:
            await client.call("DELETE", f"/b2b/webhooks/{answer.result['webhook']['id']}")
    return tally


async def _allowlist(stage: Stage, _size: Size) -> Tally:
    """A host that is not on the partner's list is refused, however near it is to one that is."""
    tally, site = Tally(), await stage.site()
    (host,) = stage.names("listed", 1)
    _, client = await site.partner(host)
    near = [
        f"a.{host}",
        host.partition(".")[2],
        f"{host}.evil.com",
        f"x{host}",
        host.replace(".com", ".co"),
        f"{host}m",
    ]
    for other in near:
        answer = await client.call("POST", "/b2b/webhooks", {"url": f"https://{other}/"})
        tally.check(
            (answer.status, answer.error) == (403, "ENexus:Webhook domain not allowlisted"), f"{other}: {answer}"
        )
    return tally


async def _literal_hosts(stage: Stage, size: Size) -> Tally:
    """No literal address gets onto a partner's list either, whoever asks for it."""
    tally, site = Tally(), await stage.site()
    name, _ = await site.partner()
    for address in special_addresses.every()[:: size.every]:
        host = f"[{address}]" if ":" in address else address
        answer = await site.platform.http.post(f"/platform/v1/partners/{name}/hosts", json={"host": host})
        tally.check(answer.status_code in {400, 422}, f"{host}: {answer.status_code} {answer.text}")
    return tally


def _says_why(answer: Answered) -> bool:
    return bool(json.loads(answer.body)["errors"][0]["errorMessage"])


async def _webhooks(client: PartnerClient) -> int:
    return len((await client.call("GET", "/b2b/webhooks")).result["webhooks"])


def _hold_canary(stage: Stage, tally: Tally, before: int) -> None:
    tally.hold(stage.canary.count == before, f"connections at the canary: {dict(stage.canary.counted)}")


ROWS = (
    Row(
        name="hostile-urls",
        section=_HERE,
        attack="special addresses in every spelling (decimal, octal, hex, short, mapped, compatible, NAT64, 6to4, "
        "Teredo, zones, wide digits, escapes, user parts, backslashes, fragments, dots, ports) and other tricks",
        expected="400 for `url` with the rule, nothing registered, no connection at the canary",
        play=_hostile_spellings,
    ),
    Row(
        name="ordinary-urls",
        section=_HERE,
        attack="URLs as partners write them: long paths, tokens in queries, deep and underscored sub-domains",
        expected="200, and shown as sent: none refused",
        play=_ordinary_urls,
    ),
    Row(
        name="two-readings",
        section=_HERE,
        attack="URLs with more than one spelling: upper case, default port, dot segments, escapes",
        expected="shown as sent, called in the canonical form",
        play=_two_readings,
    ),
    Row(
        name="allowlist",
        section=_HERE,
        attack="hosts near one that is on the partner's list: below it, above it, longer, shorter",
        expected="403",
        play=_allowlist,
    ),
    Row(
        name="literal-hosts",
        section=_HERE,
        attack="special addresses offered to a partner's list of hosts",
        expected="refused",
        play=_literal_hosts,
    ),
)
