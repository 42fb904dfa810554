"""Around it all: the shipped rules for nftables stop what the service itself would not."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, ip_address

from attack import ROOT, caller, special_addresses
from attack.rows import Row, Section, Tally
from attack.size import Size
from attack.stage import Stage

_SHIPPED = ROOT / "docs" / "operations" / "nftables.conf"
_NOBODY = 65_534
_OPEN, _CLOSED = (443, 8443), (80, 22)


async def _rules(stage: Stage, size: Size) -> Tally:
    """Connect as the service's user to everything: what the rules let through, the canary counts."""
    tally = Tally()
    special = [text for text in special_addresses.every()[:: size.every] if _is_called_as_itself(text)]
    inside = _places((*special_addresses.FAMOUS, *special), (*_OPEN, *_CLOSED))
    forbidden = [*inside, *_places(special_addresses.ORDINARY, _CLOSED)]
    ordinary = _places(special_addresses.ORDINARY, _OPEN)
    tally.hold(await _reached(["10.0.0.5:443"]) == {"10.0.0.5:443"}, "without the rules nothing is reached either")
    with _loaded():
        before = stage.canary.count
        reached = await _reached(forbidden)
        for place in forbidden:
            tally.check(place not in reached, f"reached: {place}")
        tally.saw("connections at the canary", stage.canary.count - before)
        tally.hold(stage.canary.count == before, f"connections at the canary: {dict(stage.canary.counted)}")
        reached = await _reached(ordinary)
        for place in ordinary:
            tally.check(place in reached, f"an ordinary receiver is out of reach: {place}")
    return tally


def _is_called_as_itself(text: str) -> bool:
    """Tell whether packets carry this address: TCP knows no group, and a mapped address is an IPv4 one on the wire."""
    address = ip_address(text)
    return not address.is_multicast and (isinstance(address, IPv4Address) or address.ipv4_mapped is None)


def _places(addresses: tuple[str, ...], ports: tuple[int, ...]) -> list[str]:
    hosts = [f"[{text}]" if ":" in text else text for text in addresses]
    return [f"{host}:{port}" for host in hosts for port in ports]


async def _reached(places: list[str]) -> set[str]:
    """Return which of ``places`` a program of the service's user can connect to."""
    command = (sys.executable, "-I", caller.__file__, str(_NOBODY), *places)
    done = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    told, _ = await done.communicate()
    assert done.returncode == 0
    return set(told.decode().split())


@contextmanager
def _loaded() -> Iterator[None]:
    """Load the shipped rules, for another user, into the network of the attacks."""
    program = shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin")
    assert program is not None, "nftables is not installed; script/system installs it"
    text = _SHIPPED.read_text("utf-8")
    assert 'skuid != "tidings"' in text
    text = text.replace('skuid != "tidings"', f"skuid != {_NOBODY}")
    subprocess.run([program, "-f", "-"], input=text, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run([program, "delete", "table", "inet", "tidings"], check=True)


ROWS = (
    Row(
        name="firewall",
        section=Section.PROXY,
        attack="a program of the service's user that connects to special addresses, and to ordinary ones on "
        "closed ports, with the shipped nftables.conf loaded",
        expected="0 connections at the canary; ordinary addresses on 443 and 8443 are reached",
        play=_rules,
    ),
)
