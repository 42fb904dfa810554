"""A console worth a picture: partners with names, an hour of deliveries, one receiver in trouble."""

import asyncio
import math
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

from support.console import ConsoleHouse
from support.event_samples import EVENT_TYPES, sample
from support.https_receiver import OK, Answer
from support.vendor_client import VendorClient
from tidings.core.latency import BINS
from tidings.store.bookkeeping import COUNTS

_PARTNERS = {
    "aurora": "Aurora Bank",
    "northwind": "Northwind Brokers",
    "kestrel": "Kestrel Pay",
    "meridian": "Meridian",
}
_MINUTE = 60_000_000
_HOUR = 60 * _MINUTE


async def furnished(console: ConsoleHouse) -> dict[str, str]:
    """Fill the house and return the pages by name."""
    house = console.house
    webhooks: dict[str, str] = {}
    for name, title in _PARTNERS.items():
        key = await house.platform.create_partner(name, "127.0.0.1")
        await house.platform.http.patch(f"/platform/v1/partners/{name}", json={"name": title})
        path = f"/hooks/{name}"
        if name == "kestrel":
            busy = Answer(status=503, headers=(("Retry-After", "1"),), body=b'{"error":"maintenance","retry":true}')
            house.receiver.script(path, busy)
        client = VendorClient(port=house.service.port, api_key=key)
        webhooks[name] = (await client.register(house.receiver.url(path), events=list(EVENT_TYPES)))["webhook"]["id"]
    failed = await _publish(console, "kestrel", EVENT_TYPES[:5])
    for name in ("aurora", "northwind", "meridian"):
        await _publish(console, name, EVENT_TYPES)
    for each in failed:
        await house.platform.until_ended(each)
    await house.platform.http.post("/platform/v1/redeliveries", json={"partner": "kestrel"})
    house.receiver.script("/hooks/kestrel", Answer(status=500, body=b"{}"), OK)
    (retried,) = await _publish(console, "kestrel", ["custom_order.executed"])
    event = (await house.platform.until_ended(retried))["delivery"]["event"]
    await asyncio.to_thread(_draw_the_past, house.installation.database, webhooks)
    (job, *_) = (await house.platform.http.get("/platform/v1/redeliveries")).json()["result"]["redeliveries"]
    return {
        "overview": "/console",
        "deliveries": "/console/deliveries",
        "delivery": f"/console/deliveries/{retried}",
        "events": "/console/events",
        "event": f"/console/events/{event}",
        "partners": "/console/partners",
        "partner": "/console/partners/northwind",
        "webhooks": "/console/webhooks",
        "webhook": f"/console/webhooks/{webhooks['kestrel']}",
        "redeliveries": "/console/redeliveries",
        "redelivery-preview": "/console/redeliveries/new?partner=aurora&state=delivered",
        "redelivery": f"/console/redeliveries/{job['id']}",
        "audit-trail": "/console/audit",
        "error": "/console/deliveries/nothing",
    }


async def _publish(console: ConsoleHouse, partner: str, event_types: list[str] | tuple[str, ...]) -> list[str]:
    events = [{"partner": partner, "payload": sample(name)} for name in event_types]
    return [each["deliveries"][0] for each in await console.house.platform.publish(*events)]


def _draw_the_past(database: Path, webhooks: Mapping[str, str]) -> None:
    """Write down an hour and a week that nobody lived through: of all together, and each partner's share."""
    now = time.time_ns() // 1000
    past = [
        *(("minute", now - now % _MINUTE - back * _MINUTE, _busy(back, 40)) for back in range(1, 62)),
        *(("hour", now - now % _HOUR - back * _HOUR, _busy(back, 2_400)) for back in range(1, 168)),
    ]
    names = ("resolution", "partner_id", "webhook_id", "event_type", "bucket_at", *COUNTS)
    marks = ", ".join("?" * len(names))
    with sqlite3.connect(database, timeout=30) as connection:
        for resolution, bucket, count in past:
            counts = _counts(count, trouble=bucket // _MINUTE % 7 == 0)
            share = [each // len(webhooks) for each in counts]
            # An event is counted once without a webhook, and what became of it with one.
            published = [share[0], *[0] * (len(COUNTS) - 1)]
            owned = [(*owner, "user.verified", bucket, *share) for owner in webhooks.items()]
            owned += [(partner, "", "user.verified", bucket, *published) for partner in webhooks]
            rows = [(resolution, *row) for row in (("", "", "", bucket, *counts), *owned)]
            connection.executemany(f"INSERT OR REPLACE INTO statistics ({', '.join(names)}) VALUES ({marks})", rows)
            waited = (resolution, bucket, count // 12, 0)
            connection.execute("INSERT OR REPLACE INTO backlog VALUES (?, ?, ?, ?)", waited)


def _counts(count: int, *, trouble: bool) -> list[int]:
    failed = count // 15 if trouble else count // 150
    bins = [0] * BINS
    bins[5], bins[7], bins[10 if trouble else 8] = count // 2, count // 3, count - count // 2 - count // 3
    return [count + failed, count, failed, 0, count + 3 * failed, 3 * failed, *bins]


def _busy(back: int, most: int) -> int:
    return int(most * (1.5 + math.sin(back / 5) + 0.3 * math.sin(back * 1.7)))
