"""The platform's own program: it publishes events and looks at what became of them, over the platform API.

Owns the platform's side of the wire. Refuses to look into the database: what it learns, any operator could learn.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import httpx

from support.marked_secrets import RUN, Kind
from support.service import ApiKey

JsonObject: TypeAlias = dict[str, Any]

DEADLINE = 30.0
PAUSE = 0.02
LARGEST_PAGE = "500"

_STATE_GAUGE = re.compile(r'^tidings_deliveries\{[^}]*state="(\w+)"[^}]*\} (\S+)$', re.MULTILINE)


def events_of(partner: str, payloads: Sequence[JsonObject]) -> list[JsonObject]:
    """Return a batch that publishes ``payloads`` for one partner."""
    return [{"partner": partner, "payload": payload} for payload in payloads]


class Platform:
    """Calls the platform API with one token; ``http`` is for calls that have no name here."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.http = client

    async def create_partner(self, name: str, *hosts: str) -> ApiKey:
        """Create a partner whose callbacks may point to ``hosts``; return its first key."""
        answer = await self.http.post("/platform/v1/partners", json={"id": name, "allow_hosts": list(hosts)})
        assert answer.is_success, answer.text
        result = answer.json()["result"]
        return ApiKey(key=result["api_key"], secret=result["api_secret"])

    async def try_publish(self, *events: JsonObject) -> httpx.Response:
        return await self.http.post("/platform/v1/events", json={"events": list(events)})

    async def publish(self, *events: JsonObject) -> list[JsonObject]:
        """Publish one batch; return what the 202 says of each event."""
        answer = await self.try_publish(*events)
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        published: list[JsonObject] = answer.json()["result"]["events"]
        return published

    async def event(self, name: str) -> JsonObject:
        return await self._get(f"/platform/v1/events/{name}")

    async def delivery(self, name: str) -> JsonObject:
        """Return the delivery and its attempts."""
        return await self._get(f"/platform/v1/deliveries/{name}")

    async def deliveries(self, **conditions: str) -> list[JsonObject]:
        """Return every delivery that meets ``conditions``, page after page."""
        found: list[JsonObject] = []
        query = {"limit": LARGEST_PAGE, **conditions}
        while True:
            page = await self._get("/platform/v1/deliveries", **query)
            found.extend(page["deliveries"])
            if page["next_cursor"] is None:
                return found
            query["cursor"] = page["next_cursor"]

    async def statistics(self, **conditions: str) -> dict[str, float]:
        """Return what was counted in the last sixty minutes."""
        found = await self._get("/platform/v1/statistics", bucket="minute", **conditions)
        total: dict[str, float] = found["total"]
        return total

    async def states(self) -> dict[str, int]:
        """Return how many deliveries are in each state, as the metrics tell."""
        return {state: int(float(count)) for state, count in _STATE_GAUGE.findall(await self.metrics())}

    async def metrics(self) -> str:
        answer = await self.http.get("/metrics")
        assert answer.status_code == httpx.codes.OK, answer.text
        RUN.look_into(Kind.LOG, f"metrics of {self.http.base_url}", answer.content)
        return answer.text

    async def until(self, name: str, fact: Callable[[JsonObject], bool], *, within: float = DEADLINE) -> JsonObject:
        """Ask for a delivery until ``fact`` holds for it; return it and its attempts."""
        limit = time.monotonic() + within
        while not fact(view := await self.delivery(name)):
            assert time.monotonic() < limit, f"not true within {within} s: {view}"
            await asyncio.sleep(PAUSE)
        return view

    async def until_ended(self, name: str, *, within: float = DEADLINE) -> JsonObject:
        return await self.until(name, lambda view: view["delivery"]["finished_at"] is not None, within=within)

    async def until_none(self, *states: str, within: float = DEADLINE, **conditions: str) -> None:
        """Wait until no delivery that meets ``conditions`` is in any of ``states``."""
        limit = time.monotonic() + within
        for state in states:
            while left := await self._first(state=state, **conditions):
                assert time.monotonic() < limit, f"still {state} after {within} s: {left[0]}"
                await asyncio.sleep(PAUSE)

    async def _first(self, **conditions: str) -> list[JsonObject]:
        query = {"limit": "1", **conditions}
        while True:
            page = await self._get("/platform/v1/deliveries", **query)
            if page["deliveries"] or page["next_cursor"] is None:
                first: list[JsonObject] = page["deliveries"]
                return first
            query["cursor"] = page["next_cursor"]

    async def _get(self, path: str, **query: str) -> JsonObject:
        answer = await self.http.get(path, params=query)
        assert answer.status_code == httpx.codes.OK, f"{path} {query}: {answer.status_code} {answer.text}"
        result: JsonObject = answer.json()["result"]
        return result


@asynccontextmanager
async def platform(url: str, token: str) -> AsyncIterator[Platform]:
    """Open a client of the service at ``url``."""
    headers = {"Authorization": f"Bearer {token}"}
    hooks = {"response": [_learn]}
    async with httpx.AsyncClient(
        base_url=url, headers=headers, timeout=60, trust_env=False, event_hooks=hooks
    ) as client:
        yield Platform(client)


async def _learn(answer: httpx.Response) -> None:
    RUN.learn_from((await answer.aread()).decode("utf-8", "replace"))
