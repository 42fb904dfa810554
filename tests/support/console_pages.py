"""A console that has something on each of its pages."""

from support.console import ConsoleHouse
from support.event_samples import sample
from support.https_receiver import OK, Answer

_made: dict[int, dict[str, str]] = {}


async def all_pages(console: ConsoleHouse) -> dict[str, str]:
    """Return the pages by name; the first time, see to it that each has something to show."""
    if id(console) not in _made:
        _made[id(console)] = await _pages(console)
    return _made[id(console)]


async def _pages(console: ConsoleHouse) -> dict[str, str]:
    house = console.house
    partner = await house.partner(Answer(status=500, body=b'{"error":"maintenance"}'), OK)
    delivery = await house.publish(partner, sample("custom_order.executed"))
    (lost,) = await house.platform.publish({"partner": (await house.bare_partner())[0], "payload": sample()})
    ended = await house.platform.until_ended(delivery)
    return {
        "overview": "/console",
        "overview of a week": "/console?span=week",
        "deliveries": "/console/deliveries",
        "no deliveries": "/console/deliveries?partner=nobody",
        "delivery": f"/console/deliveries/{delivery}",
        "events": "/console/events",
        "event": f"/console/events/{ended['delivery']['event']}",
        "unrouted event": f"/console/events/{lost['id']}",
        "partners": "/console/partners",
        "partner": f"/console/partners/{partner.name}",
        "webhooks": "/console/webhooks",
        "webhook": f"/console/webhooks/{partner.webhook}",
        "redeliveries": "/console/redeliveries",
        "redelivery preview": f"/console/redeliveries/new?partner={partner.name}&state=delivered",
        "redelivery": f"/console/redeliveries/{await _redelivery(console, partner.name)}",
        "audit trail": "/console/audit",
        "error": "/console/deliveries/nothing",
    }


async def _redelivery(console: ConsoleHouse, partner: str) -> str:
    asked = {"partner": partner, "state": "failed"}
    answer = await console.house.platform.http.post("/platform/v1/redeliveries", json=asked)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["result"]["redelivery"]["id"])
