"""Which scenarios there are, on which database, with what around them, and which guarantees they attack.

Owns the list. A scenario is looked up by name.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from msgspec import Struct, field

from chaos.behaviours import Behaviour
from chaos.layout import Kind, Layout, Load
from chaos.rig import Rig
from chaos.scenarios import kills, outages, stops, troubles
from chaos.size import Size

Play: TypeAlias = Callable[[Rig, Size], Awaitable[None]]

BOTH = (Kind.SQLITE, Kind.POSTGRESQL)
_SERVER = (Kind.POSTGRESQL,)
_ALONE = Layout(processes=1)
_KEPT_AN_HOUR = {f"TIDINGS_RETENTION_{what}": "3600" for what in ("EVENTS", "DELIVERIES", "ATTEMPTS")}
# Longer than all the lives together in which nothing but pruning is done.
_LONG_WINDOW = {"TIDINGS_RETRY_WINDOW": "600"}
_HEALTHY = (Behaviour.SLOW,) * 4
_BAD = tuple(one for one in Behaviour if one is not Behaviour.HELD)
_CRASH = ("G1", "G3", "G4", "G5", "G6", "G8", "G10", "G19")
_OUTAGE = ("G1", "G3", "G5", "G14", "G19")


class Scenario(Struct, frozen=True, kw_only=True):
    """``fault`` says in words what is thrown. In a long run each checkpoint has a database of its own."""

    name: str
    fault: str
    guarantees: tuple[str, ...]
    play: Play
    layout: Layout = field(default_factory=Layout)
    kinds: tuple[Kind, ...] = BOTH
    needs_disk: bool = False
    in_short: bool = True
    in_long: bool = True


def scenarios() -> list[Scenario]:
    """Return everything that can be done."""
    return [*_kills(), *_STOPS, *_OUTAGES, *_TROUBLES]


def _kills() -> list[Scenario]:
    named = [(f"kill-{point.value.replace('_', '-')}", (point,), False) for point in kills.OF_THE_SERVICE]
    points = [("checkpoints", kills.OF_THE_SERVICE, True), *named]
    at_points = [
        Scenario(
            name=name,
            fault=f"kill -9 at {', '.join(point.value for point in chosen)}",
            guarantees=_CRASH,
            play=partial(kills.at_checkpoints, points=chosen),
            in_short=is_short,
            in_long=not is_short,
        )
        for name, chosen, is_short in points
    ]
    return [
        *at_points,
        Scenario(
            name="kill-request-sent",
            fault="kill -9 by the receiver on the n-th request it read",
            guarantees=_CRASH,
            play=kills.on_requests,
        ),
        Scenario(
            name="kill-payload",
            fault="kill -9 by the receiver on every request for one event",
            guarantees=(*_CRASH, "G16"),
            play=kills.by_one_payload,
            layout=Layout(processes=1, receivers=_HEALTHY, settings=_LONG_WINDOW),
        ),
        Scenario(name="kill-random", fault="kill -9 at random", guarantees=_CRASH, play=kills.at_random),
        Scenario(
            name="kill-rescuer",
            fault="kill -9 in the rescuer, again and again",
            guarantees=_CRASH,
            play=kills.in_the_rescuer,
            layout=_ALONE,
        ),
        Scenario(
            name="kill-pruner",
            fault="kill -9 in the pruner, among rows and among partitions",
            guarantees=("G1", "G2", "G3", "G4", "G5", "G19"),
            play=kills.in_the_pruner,
            layout=Layout(processes=1, settings=_KEPT_AN_HOUR | _LONG_WINDOW),
        ),
        Scenario(
            name="kill-fleet",
            fault="four processes, one killed every 5 s, 500 events/s",
            guarantees=_CRASH,
            play=kills.one_of_many,
            layout=Layout(processes=4, load=Load(rate=500, is_fixed=True), prompt=True),
            kinds=_SERVER,
        ),
    ]


_STOPS = [
    Scenario(
        name="stop-cont",
        fault="SIGSTOP for two leases, then CONT",
        guarantees=("G1", "G3", "G4", "G5", "G6", "G19"),
        play=stops.stopped_for_two_leases,
    ),
    Scenario(
        name="take-over",
        fault="SIGSTOP until another process has sent again, then CONT",
        guarantees=("G4", "G5", "G6", "G19"),
        play=stops.stopped_until_another_took_over,
        layout=Layout(receivers=(Behaviour.HELD,) * 4, load=Load(rate=40, size=4, is_fixed=True)),
        kinds=_SERVER,
    ),
    Scenario(
        name="rolling",
        fault="SIGTERM and start, each process in turn, under load",
        guarantees=("G1", "G4", "G12", "G19"),
        play=stops.replaced_one_by_one,
    ),
]

_OUTAGES = [
    Scenario(
        name="server-fast",
        fault="PostgreSQL stopped (fast) and started",
        guarantees=_OUTAGE,
        play=outages.stopped_fast,
        kinds=_SERVER,
    ),
    Scenario(
        name="server-immediate",
        fault="PostgreSQL stopped (immediate) and started",
        guarantees=_OUTAGE,
        play=outages.stopped_immediately,
        kinds=_SERVER,
    ),
    Scenario(
        name="server-killed",
        fault="postmaster killed with -9 and started",
        guarantees=_OUTAGE,
        play=outages.postmaster_killed,
        kinds=_SERVER,
    ),
    Scenario(
        name="commit-cut",
        fault="connection cut in the middle of COMMIT, before or after the server did it",
        guarantees=("G1", "G2", "G3", "G4", "G5", "G14", "G19"),
        play=outages.cut_in_commit,
        layout=Layout(proxied=True),
        kinds=_SERVER,
    ),
    Scenario(
        name="disk-full",
        fault="no space left on the database's disk",
        guarantees=_OUTAGE,
        play=outages.disk_full,
        layout=Layout(small=True),
        needs_disk=True,
    ),
    Scenario(name="read-only", fault="database read-only", guarantees=_OUTAGE, play=outages.read_only),
]

_TROUBLES = [
    Scenario(
        name="bad-receivers",
        fault="receivers that fail, drop, hang, answer too late, redirect, never end, or talk nonsense",
        guarantees=("G3", "G4", "G5", "G8", "G10", "G19"),
        play=troubles.steady,
        layout=Layout(
            receivers=_BAD,
            load=Load(rate=len(_BAD), size=len(_BAD), connections=1, is_fixed=True),
            settings={"TIDINGS_RETRY_WINDOW": "8"},
            patience_s=90,
        ),
    ),
    Scenario(
        name="clock",
        fault="the clock of one process moved by +1 h and -1 h while it runs",
        guarantees=("G1", "G3", "G5", "G19"),
        play=troubles.clock_moved,
        layout=Layout(receivers=_HEALTHY, trusted_time=False),
    ),
    Scenario(
        name="same-keys",
        fault="50 publishers with the same keys at once",
        guarantees=("G2", "G4", "G19"),
        play=troubles.same_keys,
        layout=Layout(load=Load(rate=200, size=20, connections=1, twins=50, is_fixed=True)),
    ),
]
