"""The checker's judgement of evidence made by hand: what was promised passes, and what was not is named."""

import pytest

from chaos.checker import examine
from chaos.evidence import AttemptRow, Cut, DeliveryRow, Evidence, Order
from chaos.layout import Kind, Layout
from chaos.plan import scenarios

SECOND = 1_000_000
LEASE_S = 4


def order(layout: Layout, **facts: object) -> Order:
    known = {"cuts": [], "downs": [], "faults": 1} | facts
    return Order(publisher="", receiver="", url="", terms=layout.terms(), **known)  # type: ignore[arg-type] # as named


def cut_off(name: str, *, taken_up_at: int) -> DeliveryRow:
    """Return a delivery whose first attempt a cut at zero ended, and whose second began so much later."""
    log = [
        AttemptRow(name, 1, -SECOND, 5_000, "lease_lost", "t=1,v1=a"),
        AttemptRow(name, 2, taken_up_at, 30, "ok", "t=2,v1=b"),
    ]
    return DeliveryRow(
        id=name,
        event=f"of-{name}",
        marker=name,
        state="delivered",
        attempts=2,
        leases_lost=1,
        first_attempt_at=-SECOND,
        finished_at=taken_up_at + 30_000,
        log=log,
    )


def after_a_kill(layout: Layout, waits: list[int]) -> Evidence:
    rows = {f"dlv{number}": cut_off(f"dlv{number}", taken_up_at=wait) for number, wait in enumerate(waits)}
    tallies = {"delivered": len(rows)}
    return Evidence(
        order=order(layout, cuts=[Cut(0, list(rows))]),
        routed=len(rows),
        deliveries=rows,
        states=tallies,
        tallies=tallies,
    )


def layout_of(name: str) -> Layout:
    (found,) = (one.layout for one in scenarios() if one.name == name)
    return found


def test_a_fleet_that_takes_up_later_than_lease_and_two_seconds_fails() -> None:
    bound = (LEASE_S + 2) * SECOND

    findings = examine(after_a_kill(layout_of("kill-fleet"), [bound + SECOND] * 2 + [bound - SECOND] * 98))

    assert findings.failures == ["late_recovery"]
    assert findings.wrong["late_recovery"] == 2


def test_a_fleet_of_which_one_in_a_hundred_is_late_passes() -> None:
    bound = (LEASE_S + 2) * SECOND

    assert examine(after_a_kill(layout_of("kill-fleet"), [bound + SECOND] + [bound] * 199)).failures == []


def test_the_bound_follows_the_lease_of_the_run() -> None:
    longer = Layout(prompt=True, settings={"TIDINGS_LEASE": "10"})

    assert examine(after_a_kill(longer, [12 * SECOND])).failures == []
    assert examine(after_a_kill(longer, [13 * SECOND])).failures == ["late_recovery"]


@pytest.mark.parametrize("kind", Kind)
def test_only_the_fleet_is_judged_by_its_time_of_recovery(kind: Kind) -> None:
    judged = [one.name for one in scenarios() if kind in one.kinds and one.layout.prompt]

    assert judged == (["kill-fleet"] if kind is Kind.POSTGRESQL else [])
    assert examine(after_a_kill(Layout(), [60 * SECOND])).failures == []
