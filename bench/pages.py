"""How long each page of the console and of the portal takes with a large database, as a browser sees it."""

import asyncio
import time
from collections.abc import Mapping

from bench import figures
from bench.databases import ask
from bench.figures import Figure
from bench.filling import fill_week
from bench.growth import refill
from bench.measurements import Size, figure
from bench.rig import Rig, WrongResult, rig
from support.pages_client import PagesClient
from tidings.core.instants import SECOND

_TIMES = 40
_WARM_UP = 3
_WEEK = 7 * 86_400 * SECOND
_LAST = "ORDER BY id DESC LIMIT 1"


async def pages(size: Size) -> list[Figure]:
    """Ask for every page, one after the other, again and again: the time within which 95 of 100 are answered."""
    async with rig(size.kind) as up:
        await refill(up, size.pending, begin=time.time_ns() // 1000 - _WEEK, pending=False)
        operator, partner = await log_in(up), await _open_link(up)
        found, own = await _pages(up), await _own_pages(up)
        await fill_a_week(up)
        slowest = {name: await _p95(operator, path) for name, path in found.items()}
        slowest |= {name: await _p95(partner, path) for name, path in own.items()}
        for visitor in (operator, partner):
            await visitor.http.aclose()
    of = f"p95 with {size.pending:,} deliveries, {size.kind.spelt}"
    return [figure(f"{name}, {of}", "ms", [took], figures.PAGE) for name, took in slowest.items()]


async def fill_a_week(up: Rig) -> None:
    """Have a week of statistics of the partner and the webhook that are asked for."""
    ((partner, webhook),) = await ask(up.url, f"SELECT partner_id, webhook_id FROM deliveries {_LAST}")
    await asyncio.to_thread(fill_week, up.url, partner, webhook, until=time.time_ns() // 1000)


async def log_in(up: Rig) -> PagesClient:
    """Make an operator and return a browser in which they are logged in."""
    made = await up.installation.ask("operator", "create", "bench")
    visitor = PagesClient(up.service.port)
    entered = await visitor.log_in("bench", made["password"])
    if not entered.has_redirect_location:
        raise WrongResult(f"the login answered {entered.status_code}")
    return visitor


async def _open_link(up: Rig) -> PagesClient:
    """Return a browser at the page of the partner whose delivery is the newest."""
    ((partner,),) = await ask(up.url, f"SELECT partner_id FROM deliveries {_LAST}")
    link = await up.installation.ask("partner", "portal-link", partner)
    visitor = PagesClient(up.service.port, prefix="/portal")
    entered = await visitor.post("/portal/open", {"token": link["path"].partition("=")[2]})
    if not entered.has_redirect_location:
        raise WrongResult(f"the link answered {entered.status_code}")
    return visitor


async def _pages(up: Rig) -> Mapping[str, str]:
    columns = "id, event_id, webhook_id, partner_id"
    ((delivery, event, webhook, partner),) = await ask(up.url, f"SELECT {columns} FROM deliveries {_LAST}")
    ((middle,),) = await ask(up.url, "SELECT id FROM deliveries ORDER BY id LIMIT 1 OFFSET 1000")
    return {
        "overview": "/console",
        "overview of a week": "/console?span=week",
        "deliveries": "/console/deliveries",
        "the oldest deliveries": f"/console/deliveries?before={middle}",
        "deliveries of a partner": f"/console/deliveries?partner={partner}",
        "deliveries of a webhook": f"/console/deliveries?webhook={webhook}",
        "failed deliveries": "/console/deliveries?state=failed",
        "pending deliveries": "/console/deliveries?state=pending",
        "deliveries of a type that there are none of": "/console/deliveries?event_type=user.closed",
        "a delivery": f"/console/deliveries/{delivery}",
        "events": "/console/events",
        "events that reached nobody": "/console/events?unrouted=any",
        "an event": f"/console/events/{event}",
        "partners": "/console/partners",
        "a partner": f"/console/partners/{partner}",
        "webhooks": "/console/webhooks",
        "a webhook": f"/console/webhooks/{webhook}",
        "redeliveries": "/console/redeliveries",
        "a redelivery": f"/console/redeliveries/{await _redelivery(up, partner)}",
        "a redelivery of everything, counted first": "/console/redeliveries/new?state=delivered",
        "a redelivery of what there is none of, counted first": "/console/redeliveries/new?event_type=user.closed",
        "audit trail": "/console/audit",
    }


async def _redelivery(up: Rig, partner: str) -> str:
    """Begin a redelivery that finds nothing."""
    chosen = ("--partner", partner, "--state", "cancelled")
    begun = await up.installation.ask("delivery", "redeliver", *chosen, "--detach")
    return str(begun["redelivery"]["id"])


async def _own_pages(up: Rig) -> Mapping[str, str]:
    ((delivery,),) = await ask(up.url, f"SELECT id FROM deliveries {_LAST}")
    return {
        "a partner's own page": "/portal",
        "a partner's own deliveries": "/portal/deliveries",
        "a partner's own failed deliveries": "/portal/deliveries?state=failed",
        "a partner's own delivery": f"/portal/deliveries/{delivery}",
    }


async def _p95(visitor: PagesClient, path: str) -> float:
    took: list[float] = []
    for _ in range(_WARM_UP + _TIMES):
        begun = time.perf_counter()
        answer = await visitor.http.get(path)
        took.append((time.perf_counter() - begun) * 1000)
        if not answer.is_success or f"{visitor.prefix}/assets/" not in answer.text:
            raise WrongResult(f"{path} answered {answer.status_code}")
    return sorted(took[_WARM_UP:])[_TIMES * 95 // 100]
