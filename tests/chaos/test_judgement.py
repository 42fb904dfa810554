"""The checker's judgement of evidence made by hand: what was promised passes, and what was not is named."""

import pytest

from chaos.checker import examine
from chaos.evidence import AttemptRow, Cut, DeliveryRow, Evidence, Order
from chaos.layout import Kind, Layout
from chaos.ledgers import Offered, Received, Refused, Told
from chaos.plan import scenarios
from chaos.recovery import RESUMED

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


OUTAGE = (10 * SECOND, 12 * SECOND)
_AFTERWARDS = OUTAGE[1] + 30 * SECOND


def around_an_outage(
    refusals: list[Refused], *, acknowledged_at: int = OUTAGE[1] + SECOND, received_at: int = OUTAGE[1] + SECOND
) -> Evidence:
    """Return what is known of an outage after which so many events as are called a resumption came at these times."""
    evidence = Evidence(order=order(Layout(), outages=[OUTAGE]), refused=refusals)
    evidence.states = evidence.tallies = {"delivered": RESUMED}
    evidence.routed = RESUMED
    for number in range(RESUMED):
        name = f"dlv{number}"
        log = [AttemptRow(name, 1, received_at, 1, "ok", name)]
        row = DeliveryRow(
            id=name,
            event=name,
            marker=name,
            state="delivered",
            attempts=1,
            leases_lost=0,
            first_attempt_at=received_at,
            finished_at=received_at + SECOND,
            log=log,
        )
        evidence.deliveries[name] = row
        evidence.of_marker[name].append(row)
        evidence.events[name].append(name)
        evidence.offered[name] = Offered(name, "acme", "digest")
        evidence.told[name].append(Told(acknowledged_at, acknowledged_at, name, name, [name]))
        evidence.received[name].append(Received(received_at, "/", [], name, "digest", name, genuine=True, answer="ok"))
    return evidence


def test_an_outage_that_is_announced_and_followed_by_work_passes() -> None:
    assert examine(around_an_outage([Refused(11 * SECOND, 503, "1")])).failures == []


@pytest.mark.parametrize(
    ("refusals", "failures"),
    [
        ([], ["silent_outages"]),
        ([Refused(9 * SECOND, 503, "1"), Refused(13 * SECOND, 503, "1")], ["silent_outages"]),
        ([Refused(11 * SECOND, 503, None)], ["bare", "silent_outages"]),
        ([Refused(11 * SECOND, 500, "1")], ["silent_outages", "odd_answers"]),
    ],
    ids=("no answer", "at another time", "no retry-after", "another status"),
)
def test_an_outage_without_a_503_that_says_when_to_ask_again_fails(
    refusals: list[Refused], failures: list[str]
) -> None:
    assert examine(around_an_outage(refusals)).failures == failures


@pytest.mark.parametrize("late", ["acknowledged_at", "received_at"])
def test_an_outage_after_which_either_side_stands_still_for_half_a_minute_fails(late: str) -> None:
    evidence = around_an_outage([Refused(11 * SECOND, 503, "1")], **{late: _AFTERWARDS + 1})

    assert examine(evidence).failures == ["not_resumed"]


def beside_a_killer(*, killer: str, leases_lost: int, bystander: str) -> Evidence:
    """Return a run in which one event killed the service so often, and in what state it and another event ended."""
    evidence = Evidence(order=order(Layout(), poison=["killer"]))
    ends = {"killer": (killer, ["lease_lost"] * leases_lost), "bystander": (bystander, ["lease_lost"])}
    if killer == "delivered":
        ends["killer"][1].append("ok")
    if bystander == "delivered":
        ends["bystander"][1].append("ok")
    for name, (state, outcomes) in ends.items():
        row = DeliveryRow(
            id=name,
            event=name,
            marker=name,
            state=state,
            attempts=len(outcomes),
            leases_lost=outcomes.count("lease_lost"),
            first_attempt_at=SECOND,
            finished_at=9 * SECOND,
            log=[AttemptRow(name, number, number * SECOND, 1, said, name) for number, said in enumerate(outcomes, 1)],
        )
        evidence.deliveries[name] = row
        evidence.of_marker[name].append(row)
    evidence.routed = len(ends)
    evidence.states = evidence.tallies = {state: [killer, bystander].count(state) for state in ("delivered", "failed")}
    return evidence


@pytest.mark.parametrize(
    ("killer", "leases_lost", "bystander", "failures"),
    [
        ("failed", 5, "delivered", []),
        ("failed", 4, "delivered", ["not_set_aside"]),
        ("failed", 6, "delivered", ["not_set_aside"]),
        ("delivered", 5, "delivered", ["not_set_aside"]),
        ("failed", 5, "failed", ["bystanders"]),
    ],
)
def test_what_kills_each_time_must_end_after_five_lost_leases_and_all_else_arrive(
    killer: str, leases_lost: int, bystander: str, failures: list[str]
) -> None:
    evidence = beside_a_killer(killer=killer, leases_lost=leases_lost, bystander=bystander)

    assert examine(evidence).failures == failures
