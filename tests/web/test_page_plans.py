"""Every page of the console and of the portal, opened; no statement of any reads a table that grows from end to end."""

import itertools
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from litestar.routes import HTTPRoute
from sqlalchemy import Connection

from support.database_fixtures import Copies, opened
from support.event_samples import sample
from support.history import fill
from support.pages_client import PagesClient
from support.query_plans import Asked, explained, scanned
from support.served import LOOPBACK_HOST, PLENTY, Served, Terms, served
from tidings.actions import operators
from tidings.core.model import OperatorRole
from tidings.core.secret import Secret
from tidings.store.database import Database
from tidings.web.console.app import build_console
from tidings.web.floods import AddressLimit
from tidings.web.portal.app import build_portal

Result = TypeVar("Result")

PASSWORD = "correct horse battery"
SPAN = "since=2025-01-01T00:00&until=2027-01-01T00:00"
WITHOUT_STATEMENTS = {"/console/assets/{name:str}", "/portal/assets/{name:str}", "/console/live"}
"""Files, and a stream that tells what the process hears."""
WITHOUT_CONTENT = {"/console/login", "/console/find?id=dlv_1", "/portal/open?token=0"}
FEWEST = 2
"""Statements of any other page: who visits, and what is shown."""
_SORTED = {"SORT", "USE TEMP B-TREE FOR ORDER BY"}
_ALONG_AN_INDEX = re.compile(r"SCAN \w+ USING INDEX")


class Explaining:
    """A database that has everything explained that it is asked."""

    def __init__(self, inner: Database) -> None:
        self.inner = inner
        self.asked: list[Asked] = []

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        return await self.inner.read(lambda connection: self._listen(connection, work))

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        return await self.inner.write(lambda connection: self._listen(connection, work))

    async def close(self) -> None:
        await self.inner.close()

    def _listen(self, connection: Connection, work: Callable[[Connection], Result]) -> Result:
        result, asked = explained(connection, work)
        self.asked += asked
        return result


async def test_no_page_reads_a_table_that_grows_from_end_to_end(copies: Copies, tmp_path: Path) -> None:
    async with _house(copies, tmp_path) as (at, database):
        visitors = {"console": await _operator(at), "portal": await _partner(at)}
        pages = await _pages(at)
        wrong: dict[str, list[Asked]] = {}
        few: set[str] = set()
        for path in itertools.chain(*pages.values()):
            database.asked.clear()
            answer = await visitors[re.split(r"\W", path)[1]].get(path)
            assert answer.status_code in (200, 303), path
            wrong[path] = [asked for asked in database.asked if scanned(_steps(asked))]
            few |= {path} if len(database.asked) < FEWEST else set()
        routes = _routes(at)

    assert {path: asked for path, asked in wrong.items() if asked} == {}
    assert few == WITHOUT_CONTENT
    assert set(pages) == routes - WITHOUT_STATEMENTS


async def _pages(at: Served) -> dict[str, list[str]]:
    """Return the addresses to be opened, by their route."""
    newest = (await at.platform_json("GET", "/platform/v1/deliveries?partner=acme&limit=1"))["deliveries"][0]
    delivery, event, webhook, partner = (newest[name] for name in ("id", "event", "webhook", "partner"))
    job = await at.platform_json("POST", "/platform/v1/redeliveries", {"partner": partner, "state": "cancelled"})
    own = ["state=pending", "state=failed", "event_type=user.closed", f"webhook={webhook}", f"event={event}", SPAN]
    filters = [*own, f"partner={partner}", f"partner={partner}&state=failed", "state=in_flight", "state=delivered"]
    of_events = ["unrouted=any", f"partner={partner}", "event_type=user.closed", f"partner={partner}&idempotency_key=k"]
    of_audit = [f"partner={partner}", "actor=token:tests", "action=partner.create", SPAN]
    chosen = ["state=failed", "state=delivered", f"partner={partner}&state=failed", f"webhook={webhook}&state=failed"]
    spans = ["", "?span=day", "?span=week"]
    return {
        "/console": [f"/console{span}" for span in spans],
        "/console/login": ["/console/login"],
        "/console/find": ["/console/find?id=dlv_1"],
        "/console/deliveries": _asked_for("/console/deliveries", filters, before=delivery),
        "/console/deliveries/{delivery_id:str}": [f"/console/deliveries/{delivery}"],
        "/console/events": _asked_for("/console/events", of_events, before=event),
        "/console/events/{event_id:str}": [f"/console/events/{event}"],
        "/console/partners": _asked_for("/console/partners", [], before=partner),
        "/console/partners/{partner_id:str}": [f"/console/partners/{partner}{span}" for span in spans],
        "/console/webhooks": _asked_for("/console/webhooks", [], before=webhook),
        "/console/webhooks/{webhook_id:str}": [f"/console/webhooks/{webhook}{span}" for span in spans],
        "/console/redeliveries": _asked_for("/console/redeliveries", [], before=job["redelivery"]["id"]),
        "/console/redeliveries/new": [f"/console/redeliveries/new?{each}" for each in chosen],
        "/console/redeliveries/{redelivery_id:str}": [f"/console/redeliveries/{job['redelivery']['id']}"],
        "/console/audit": _asked_for("/console/audit", of_audit, before="aud_01m8gswdmz223a494ab738c543"),
        "/portal": ["/portal"],
        "/portal/open": ["/portal/open?token=0"],
        "/portal/deliveries": _asked_for("/portal/deliveries", own, before=delivery),
        "/portal/deliveries/{delivery_id:str}": [f"/portal/deliveries/{delivery}"],
    }


def _asked_for(path: str, filters: list[str], *, before: str) -> list[str]:
    """Return the addresses of a list: whole and filtered, from its beginning and from a place further on."""
    places = ["", f"before={before}"]
    return [f"{path}?{'&'.join(filter(None, (each, place)))}" for each in ["", *filters] for place in places]


@asynccontextmanager
async def _house(copies: Copies, folder: Path) -> AsyncIterator[tuple[Served, Explaining]]:
    """Serve from a database with a history."""
    with copies() as url:
        database = Explaining(opened(url))
        await database.inner.write(fill)
        async with served(folder, Terms(database=database)) as at:
            yield at, database


async def _operator(at: Served) -> PagesClient:
    await operators.create(at.ctx, "ada", role=OperatorRole.OPERATOR, password=Secret(PASSWORD.encode()))
    visitor = PagesClient(at.port)
    assert (await visitor.log_in("ada", PASSWORD)).status_code == 303
    return visitor


async def _partner(at: Served) -> PagesClient:
    """Have a partner with a webhook, deliveries of which some ended, and a visit to its page."""
    client = await at.partner("acme")
    made = await client.register(f"https://{LOOPBACK_HOST}:1/w", enabled=True, events=["user.closed"])
    for act in ("disable", "enable"):
        batch = {"events": [{"partner": "acme", "payload": sample("user.closed")}]}
        await at.platform_json("POST", "/platform/v1/events", batch)
        await at.platform_json("POST", f"/platform/v1/webhooks/{made['webhook']['id']}/{act}")
    link = await at.platform_json("POST", "/platform/v1/partners/acme/portal-link")
    visitor = PagesClient(at.port, prefix="/portal")
    assert (await visitor.post("/portal/open", {"token": link["path"].partition("=")[2]})).status_code == 303
    return visitor


def _routes(at: Served) -> set[str]:
    """Return the paths that the console and the portal answer when somebody only looks."""
    limit = AddressLimit(PLENTY, clock=at.ctx.clock)
    sites = [build(at.ctx, limit=limit, trusted_proxies=()) for build in (build_console, build_portal)]
    routes = (route for site in sites for route in site.app.routes if isinstance(route, HTTPRoute))
    return {route.path for route in routes if "GET" in route.methods}


def _steps(asked: Asked) -> list[str]:
    """Return the steps of a plan, but for a list that is read in the order of an index, as far as it is shown.

    How far a list looks for what its filter wants is bounded by its window (tests/store/test_lists.py).
    """
    if "LIMIT" not in asked.statement or _SORTED & set(asked.steps):
        return asked.steps
    return [step for step in asked.steps if not _ALONG_AN_INDEX.match(step)]
