"""Section 4: somebody who can write into the database moves sealed secrets about."""

import sqlite3
from contextlib import closing

from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import Site, Stage
from support.partner_client import PartnerClient

_LIST = "/b2b/webhooks"


async def _swapped(stage: Stage, _size: Size) -> Tally:
    """Swap two keys' and two webhooks' secrets: neither opens at the other's place."""
    tally = Tally()
    async with stage.own_site() as site:
        one, two = (await site.hooks(stage.names("swapped", 1)))[0], (await site.hooks(stage.names("swapped", 1)))[0]
        _swap(site, "api_keys", "key", one.client.key, two.client.key)
        for key, secret in ((one.client.key, two.client.secret), (two.client.key, one.client.secret)):
            thief = PartnerClient(port=site.port, key=key, secret=secret)
            answer = await thief.call("GET", _LIST)
            tally.check(answer.status != 200, f"with the other's secret: {answer}")
        for client in (one.client, two.client):
            answer = await client.call("GET", _LIST)
            tally.check(answer.status != 200, f"a secret that was moved is still good: {answer}")
        _swap(site, "api_keys", "key", one.client.key, two.client.key)
        tally.check((await one.client.call("GET", _LIST)).status == 200, "moved back, the secret is good again")
        _swap(site, "webhooks", "id", one.id, two.id)
        before = len(stage.receiver.requests)
        for hook in (one, two):
            for delivery in await site.publish(hook.partner):
                tally.check(delivery["last_outcome"] == "internal_error", f"sent all the same: {delivery}")
        tally.hold(len(stage.receiver.requests) == before, "something was sent, signed with the other's secret")
    return tally


def _swap(site: Site, table: str, column: str, one: str, two: str) -> None:
    with closing(sqlite3.connect(site.url.removeprefix("sqlite:///"), timeout=10)) as connection, connection:
        found = dict(
            connection.execute(f"SELECT {column}, sealed_secret FROM {table} WHERE {column} IN (?, ?)", (one, two))
        )
        for name, other in ((one, two), (two, one)):
            connection.execute(f"UPDATE {table} SET sealed_secret = ? WHERE {column} = ?", (found[other], name))


ROWS = (
    Row(
        name="swapped-secrets",
        section=Section.SECRETS,
        attack="sealed secrets of two keys and of two webhooks swapped in the database",
        expected="neither opens at the other's place: no request gets in, no delivery goes out",
        play=_swapped,
    ),
)
