"""The six points at which a name of the attacker's is looked up, or its answer followed.

Owns what happens at each: registering, the test call, the first attempt, a retry, a redelivery, a redirect.
"""

from collections.abc import Sequence

from attack.hostile_dns import Script, always
from attack.rows import Tally
from attack.special_addresses import FAMOUS
from attack.stage import DOMAIN, PUBLIC, Hook, Site, Stage
from support.https_receiver import OK, Answer
from support.platform_client import JsonObject

BLOCKED = "address_not_allowed"
_SAID = "The host resolves to an address that is not allowed."
_REDIRECTS = range(300, 309)
_REDIRECTS_AT_LEAST = 12


async def register(stage: Stage, site: Site, tally: Tally, answers: Sequence[Script]) -> None:
    """Register hosts that lead inside: each is refused with a reason."""
    names = stage.names("register", len(answers))
    stage.dns.scripts |= dict(zip(names, answers, strict=True))
    for start in range(0, len(names), 100):
        some = names[start : start + 100]
        _, client = await site.partner(*some)
        for name in some:
            answer = await client.call("POST", "/b2b/webhooks", {"url": f"https://{name}/", "enabled": True})
            right = answer.status == 400 and answer.error == "EGeneral:Invalid arguments:url"
            tally.check(right, f"register {stage.dns.scripts[name](1)}: {answer.status} {answer.body!r}")


async def test_call(stage: Stage, site: Site, tally: Tally, answers: Sequence[Script]) -> None:
    """Let hosts lead inside after they were registered, and ask for a test."""
    hooks = await rebound(stage, site, answers)
    for hook in hooks:
        said = (await hook.client.call("POST", f"/b2b/webhooks/{hook.id}/test")).result
        right = (said["result"], said["error_message"], said["http_status"]) == ("failure", _SAID, None)
        tally.check(right, f"test {stage.dns.scripts[hook.host](2)}: {said}")


async def first_attempt(stage: Stage, site: Site, tally: Tally, answers: Sequence[Script]) -> None:
    hooks = await rebound(stage, site, answers)
    _all_blocked(tally, "first attempt", await publish_to(site, hooks), attempts=1)


async def retry(stage: Stage, site: Site, tally: Tally, answers: Sequence[Script]) -> None:
    """Answer 503 once from an ordinary address, and lead inside from then on."""
    stage.receiver.script("/hook", Answer(status=503))
    hooks = await site.hooks(stage.names("retry", len(answers)))
    inside = list(zip(hooks, answers, strict=True))
    for partner in dict.fromkeys(hook.partner for hook in hooks):
        await site.publish(partner, until=lambda one: one["last_outcome"] is not None)
        turn(stage, *((hook, answer) for hook, answer in inside if hook.partner == partner))
        _all_blocked(tally, "retry", await site.ended(partner), attempts=2)
    stage.receiver.script("/hook", OK)


async def redelivery(stage: Stage, site: Site, tally: Tally, answers: Sequence[Script]) -> None:
    """Receive once, lead inside, and have the delivery made again."""
    hooks = await site.hooks(stage.names("redelivery", len(answers)))
    delivered = await publish_to(site, hooks)
    refused = [one for one in delivered if one["state"] != "delivered"]
    tally.hold(not refused, f"first deliveries: {refused[:1]}")
    turn(stage, *zip(hooks, answers, strict=True))
    again = []
    for one in delivered:
        answer = await site.platform.http.post(f"/platform/v1/deliveries/{one['id']}/redeliver")
        again.append(answer.json()["result"]["delivery"]["id"])
    await _ended(site, hooks)
    views = [(await site.platform.delivery(name))["delivery"] for name in again]
    _all_blocked(tally, "redelivery", views, attempts=1)


async def redirect(stage: Stage, site: Site, tally: Tally, answers: Sequence[Script]) -> None:
    """Answer every redirect there is, to every kind of place, and none."""
    before = len(stage.receiver.requests)
    places = [
        None,
        f"https://{PUBLIC}/",
        f"https://inside.{DOMAIN}/",
        "//10.0.0.5/",
        "file:///etc/passwd",
        "/again",
        "",
    ]
    for address in FAMOUS:
        host = f"[{address}]" if ":" in address else address
        places += [f"http://{host}/", f"https://{host}/latest/meta-data/", f"https://{host}:8443/"]
    stage.dns.scripts[f"inside.{DOMAIN}"] = always("10.0.0.5")
    (host,) = stage.names("redirect", 1)
    (hook,) = await site.hooks([host])
    # As many places as there are answers, at most: a short run takes every other famous address or so.
    places = places[: max(_REDIRECTS_AT_LEAST, len(answers))]
    for status in _REDIRECTS:
        for place in places:
            headers = () if place is None else (("Location", place),)
            stage.receiver.script("/hook", Answer(status=status, headers=headers))
            said = (await hook.client.call("POST", f"/b2b/webhooks/{hook.id}/test")).result
            right = (said["result"], said["http_status"]) == ("failure", status)
            tally.check(right and "redirect" in (said["error_message"] or ""), f"{status} to {place}: {said}")
    tally.hold(len(stage.receiver.requests) - before == len(_REDIRECTS) * len(places), "a redirect was followed")
    (one,) = await site.publish(hook.partner)
    tally.check((one["state"], one["last_outcome"]) == ("failed", "redirect_refused"), f"delivery: {one}")
    stage.receiver.script("/hook", OK)


async def rebound(stage: Stage, site: Site, answers: Sequence[Script]) -> list[Hook]:
    """Register a hook for each of ``answers`` at an ordinary address, and turn its name right after that."""
    hooks = await site.hooks(stage.names("rebind", len(answers)))
    turn(stage, *zip(hooks, answers, strict=True))
    return hooks


def turn(stage: Stage, *leads: tuple[Hook, Script]) -> None:
    """Let the name of each hook lead elsewhere from now on.

    At a moment, not after so many look-ups: who waits too long for an answer asks again, and would be counted twice.
    """
    stage.dns.scripts |= {hook.host: answer for hook, answer in leads}


async def publish_to(site: Site, hooks: Sequence[Hook], *, times: int = 1) -> list[JsonObject]:
    """Publish to every hook and return the deliveries as they ended.

    One partner after the other: hundreds of handshakes at once would keep this process, which is also the attacker's
    name server, from answering in time.
    """
    partners = list(dict.fromkeys(hook.partner for hook in hooks))
    for name in partners * times:
        await site.publish(name)
    return await _ended(site, hooks)


async def _ended(site: Site, hooks: Sequence[Hook]) -> list[JsonObject]:
    found = []
    for name in dict.fromkeys(hook.partner for hook in hooks):
        found += await site.ended(name)
    return found


def _all_blocked(tally: Tally, point: str, deliveries: Sequence[JsonObject], *, attempts: int) -> None:
    """Hold that every delivery ended blocked, after so many attempts, or more where a look-up was late."""
    for one in deliveries:
        told = (one["state"], one["last_outcome"], one["last_status"])
        right = told == ("failed", BLOCKED, None) and one["attempts"] >= attempts
        tally.check(right, f"{point} {one['url']}: {told} after {one['attempts']} attempts")


POINTS = {
    "register": register,
    "test": test_call,
    "first attempt": first_attempt,
    "retry": retry,
    "redelivery": redelivery,
    "redirect": redirect,
}
