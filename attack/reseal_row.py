"""Section 4: everything sealed anew under another master key, killed again and again, beside a service at work."""

import asyncio
import base64
import os
import signal
from collections.abc import Sequence

from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import Hook, Kind, Site, Stage
from chaos.services import FaultyInstallation
from support.partner_client import PartnerClient
from tidings_receiver import SignatureMismatch, verify

_LIST = "/b2b/webhooks"
_HOOKS = 5
_BATCH = 100
"""So many secrets are sealed in one commit; each rotation is killed before its second one."""
_KILL = ("--kill", "before_reseal_commit:2", "--armed")
_KILLED = -signal.SIGKILL
_AT_ONCE = 40


async def _killed(stage: Stage, size: Size) -> Tally:
    """Rotate, be killed, and go on, on both databases; then the old key is good for nothing, the new one for all."""
    tally = Tally()
    for kind in Kind:
        first, second = _key(), _key()
        async with stage.own_site({"TIDINGS_MASTER_KEY": first}, kind=kind) as site:
            hooks = await site.hooks(stage.names("resealed", _HOOKS), each=1)
            clients = [*(hook.client for hook in hooks), *await _keys(site, hooks[0].partner, size.volley * 4)]
            await site.restart(TIDINGS_MASTER_KEY=f"{second},{first}")
            kills = await _rotate(tally, site, len(clients) + len(hooks))
            await _hold_old_useless(tally, site, first)
            await site.restart(TIDINGS_MASTER_KEY=second)
            await _use(tally, stage, site, clients, hooks)
        tally.note(f"{kind}: {len(clients) + len(hooks)} secrets, killed {kills} times")
    return tally


async def _rotate(tally: Tally, site: Site, total: int) -> int:
    """Begin again after each kill until one batch is left, and let the last rotation end; return how many kills."""
    doomed = _sound(site, *_KILL)
    kills, old = 0, total
    while old > _BATCH:
        status = (await doomed.run("keyring", "rotate")).status
        new, left = await _standing(tally, site)
        tally.check(
            status == _KILLED and new + left == total and left < old, f"{status}: {new} new, {left} of {old} old"
        )
        if left >= old:
            break
        kills, old = kills + 1, left
    finished = await site.installation.run("keyring", "rotate")
    tally.check(finished.status == 0, f"the last rotation: {finished.stderr}")
    new, left = await _standing(tally, site)
    tally.check((new, left) == (total, 0), f"{left} of {total} secrets are sealed under the old key")
    return kills


async def _standing(tally: Tally, site: Site) -> tuple[int, int]:
    """Return how many secrets are under the new key and under the old one; all of them open."""
    document = await _sound(site).ask("keyring", "status")
    tally.hold(document["unopened_count"] == 0, f"do not open: {document['unopened']}")
    new, old = (key["secrets"] for key in document["keys"])
    return new, old


async def _hold_old_useless(tally: Tally, site: Site, first: str) -> None:
    """Whoever has the database and the old key has nothing."""
    settings = {**site.installation.settings, "TIDINGS_MASTER_KEY": first}
    status = await FaultyInstallation(folder=site.installation.folder, settings=settings).run(
        "keyring", "status", "--json"
    )
    opened = '"opened": 0' in status.stdout or '"opened":0' in status.stdout
    tally.check(status.status != 0 and opened, f"the old key still opens something: {status.stdout[:200]}")


async def _use(tally: Tally, stage: Stage, site: Site, clients: Sequence[PartnerClient], hooks: Sequence[Hook]) -> None:
    """Use every secret that was handed out, with the new key alone."""
    for client in clients:
        answer = await client.call("GET", _LIST)
        tally.check(answer.status == 200, f"a key after the rotation: {answer}")
    before = len(stage.receiver.requests)
    published = await asyncio.gather(*(site.publish(hook.partner) for hook in hooks))
    for hook, (delivery,) in zip(hooks, published, strict=True):
        got = [one for one in stage.receiver.requests[before:] if one.header("Host") == hook.host]
        signed = bool(got) and all(_is_signed(one.body, one.header("X-Signature"), hook.secret) for one in got)
        tally.check(delivery["state"] == "delivered" and signed, f"a webhook after the rotation: {delivery}")


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    try:
        verify(body, header, [secret])
    except SignatureMismatch:
        return False
    return True


async def _keys(site: Site, partner: str, count: int) -> list[PartnerClient]:
    path = f"/platform/v1/partners/{partner}/keys"
    made = []
    for _ in range(0, count, _AT_ONCE):
        answers = await asyncio.gather(*(site.platform.http.post(path) for _ in range(_AT_ONCE)))
        results = [answer.json()["result"] for answer in answers]
        made += [PartnerClient(port=site.port, key=one["api_key"], secret=one["api_secret"]) for one in results]
    return made


def _sound(site: Site, *faults: str) -> FaultyInstallation:
    """Return the same installation without any weakness, with these faults."""
    given = site.installation
    return FaultyInstallation(folder=given.folder, settings=given.settings, faults=faults)


def _key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


ROWS = (
    Row(
        name="reseal-killed",
        section=Section.SECRETS,
        attack="`tidings keyring rotate` killed (kill -9) before every second commit and begun again, beside a service "
        "at work, on SQLite and PostgreSQL; then every secret used under the new key alone, and the old key tried",
        expected="every kill leaves each secret under one key or the other, the last rotation none under the old one; "
        "every API key and webhook goes on, and the old key opens nothing",
        play=_killed,
    ),
)
