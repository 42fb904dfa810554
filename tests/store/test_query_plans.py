"""The statements that run all the time find what they need by an index, however much history there is."""

from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import pytest
import pytest_asyncio
from sqlalchemy import Connection

from support.database_fixtures import Copies, opened
from support.history import AMONG_THEM, HOUR, fill
from support.history_rows import happen
from support.moves import RECORDED, TOKEN, WEBHOOK, ended
from support.page_statements import OF_PAGES
from support.query_plans import plan_of, scanned, used
from support.stepped_clock import START
from support.stored import PAYLOAD, an_event
from tidings.core.audit import AuditAction
from tidings.core.delivery import Move
from tidings.core.ids import moment_of
from tidings.core.instants import SECOND
from tidings.core.model import State
from tidings.core.redelivery import Selection
from tidings.store import (
    attempts,
    audit,
    backlog,
    browsing,
    deliveries,
    due_lanes,
    event_lists,
    events,
    keys,
    leases,
    redeliveries,
    selection,
    statistics,
    tokens,
    webhooks,
)
from tidings.store.attempts import AttemptResult
from tidings.store.audit import AuditFilter
from tidings.store.backlog import Height
from tidings.store.database import Database
from tidings.store.delivery_filter import DeliveryFilter
from tidings.store.event_lists import EventFilter, UnroutedBy
from tidings.store.events import NewKey
from tidings.store.leases import Suspect
from tidings.store.retention import SWEEPS, Sweep
from tidings.store.statistics import Resolution, Wanted

NAME = AMONG_THEM
EVENT = NAME.replace("dlv", "evt")
ENTRY = NAME.replace("dlv", "aud")
RESULT = AttemptResult(
    delivery_id=NAME,
    number=1,
    duration_ms=1,
    outcome="ok",
    http_status=200,
    signature=None,
    response_excerpt=None,
)
KEY = NewKey(partner_id="acme", key="k", event_id="evt_1", digest="0", created_at=START)


class Hot(NamedTuple):
    """A piece of work that runs all the time, and the indexes that must serve it."""

    work: Callable[[Connection], object]
    indexes: set[str]


def page(**wanted: object) -> Callable[[Connection], object]:
    return lambda connection: browsing.page(connection, DeliveryFilter(**wanted), before=NAME, limit=50)  # type: ignore[arg-type]


def event_page(**wanted: object) -> Callable[[Connection], object]:
    return lambda connection: event_lists.page(connection, EventFilter(**wanted), before=EVENT, limit=50)  # type: ignore[arg-type]


def trail(**wanted: object) -> Callable[[Connection], object]:
    return lambda connection: audit.page(connection, AuditFilter(**wanted), before=ENTRY, limit=50)  # type: ignore[arg-type]


def again(**wanted: object) -> Callable[[Connection], object]:
    chosen = Selection(**wanted)  # type: ignore[arg-type]
    return lambda connection: selection.stretch(connection, chosen, behind="", up_to=NAME)


def recording(move: Move) -> Callable[[Connection], object]:
    return lambda connection: deliveries.record(connection, move, [ended(NAME, move)])


LATER = (moment_of(AMONG_THEM) or 0) + SECOND
PRIMARY = "pk_deliveries"
TRAIL = "pk_audit_entries"
HOT = {
    "claiming": Hot(
        lambda connection: leases.due_deliveries(connection, [WEBHOOK], most=8, now=START),
        {"ix_deliveries_due", "pk_events", "pk_webhooks"},
    ),
    "taking a lease": Hot(
        lambda connection: deliveries.claim(connection, [(NAME, START, START)], token=TOKEN, until=START), {PRIMARY}
    ),
    "releasing": Hot(lambda connection: deliveries.release(connection, [(NAME, TOKEN)]), {PRIMARY}),
    **{f"recording {move}": Hot(recording(move), {PRIMARY}) for move in RECORDED},
    "fencing": Hot(lambda connection: deliveries.fenced_out(connection, [(NAME, TOKEN)]), {PRIMARY}),
    "looking for what to withdraw": Hot(
        lambda connection: webhooks.hold_withdrawing(connection, None), {"ix_webhooks_withdrawing"}
    ),
    "expiring": Hot(lambda connection: deliveries.expire(connection, START, most=9), {"ix_deliveries_give_up"}),
    "withdrawing": Hot(
        lambda connection: deliveries.withdraw(connection, webhook=WEBHOOK, now=START, most=9), {"ix_deliveries_due"}
    ),
    "finding lost leases": Hot(
        lambda connection: leases.lost_leases(connection, now=START, most=9), {"ix_deliveries_leased"}
    ),
    "looking for suspects": Hot(
        lambda connection: leases.due_suspects(connection, now=START, most=9), {"ix_deliveries_suspect"}
    ),
    "claiming a suspect": Hot(
        lambda connection: leases.due_suspect(connection, Suspect(NAME, WEBHOOK), now=START),
        {PRIMARY, "pk_events", "pk_webhooks"},
    ),
    "polling all lanes": Hot(due_lanes.all_lanes, {"ix_deliveries_due"}),
    "polling some lanes": Hot(
        lambda connection: due_lanes.next_due(connection, [WEBHOOK], now=START), {"ix_deliveries_due"}
    ),
    "cutting short": Hot(
        lambda connection: deliveries.cut_short(connection, webhook=WEBHOOK), {"ix_deliveries_leased", PRIMARY}
    ),
    "asking what was cut short": Hot(lambda connection: deliveries.were_cut_short(connection, [NAME]), {PRIMARY}),
    "asking who is paused": Hot(lambda connection: leases.paused_webhooks(connection, [WEBHOOK]), {"pk_webhooks"}),
    "routing": Hot(lambda connection: webhooks.subscribers(connection, ["acme"]), {"ix_webhooks_living"}),
    "forgetting old signing secrets": Hot(
        lambda connection: webhooks.forget_old_secrets(connection, START), {"ix_webhooks_old_secrets"}
    ),
    "asking for idempotency keys": Hot(
        lambda connection: events.known_keys(connection, [("acme", "k")]), {"pk_idempotency_keys"}
    ),
    "asking for the first deliveries": Hot(
        lambda connection: events.first_deliveries(connection, ["evt_1"]), {"ix_deliveries_event_id"}
    ),
    "writing events": Hot(lambda connection: events.insert(connection, [an_event(payload=PAYLOAD)]), set()),
    "writing idempotency keys": Hot(lambda connection: events.insert_keys(connection, [KEY]), set()),
    "ending attempts": Hot(lambda connection: attempts.end(connection, [RESULT]), {"pk_attempts"}),
    "taking attempts back": Hot(lambda connection: attempts.take_back(connection, [(NAME, 1)]), {"pk_attempts"}),
    **{title: Hot(*asked) for title, asked in OF_PAGES.items()},
    "listing attempts": Hot(lambda connection: attempts.of_delivery(connection, NAME), {"pk_attempts"}),
    "looking at a delivery": Hot(lambda connection: browsing.get(connection, NAME), {PRIMARY}),
    "looking at an event": Hot(lambda connection: events.get(connection, "evt_1"), {"pk_events"}),
    "browsing everything": Hot(page(), {PRIMARY}),
    "browsing a span of time": Hot(page(since=START, until=START + SECOND), {PRIMARY}),
    "browsing a partner": Hot(page(partner="acme"), {"ix_deliveries_partner_id_id"}),
    "browsing an event": Hot(page(event="evt_1"), {"ix_deliveries_event_id"}),
    "browsing a webhook": Hot(page(webhook=WEBHOOK), {"ix_deliveries_partner_id_id", "pk_webhooks"}),
    "browsing a type": Hot(page(event_type="user.closed"), {PRIMARY}),
    "browsing what failed": Hot(page(state=State.FAILED), {"ix_deliveries_failed"}),
    "browsing what failed of a partner": Hot(
        page(state=State.FAILED, partner="acme"), {"ix_deliveries_failed_of_partner"}
    ),
    "browsing what was cancelled": Hot(page(state=State.CANCELLED), {"ix_deliveries_cancelled"}),
    "browsing what waits": Hot(page(state=State.PENDING), {"ix_deliveries_due", PRIMARY}),
    "browsing what is in flight": Hot(page(state=State.IN_FLIGHT, partner="acme"), {"ix_deliveries_leased"}),
    "browsing what was delivered": Hot(page(state=State.DELIVERED), {PRIMARY}),
    "listing all events": Hot(event_page(), {"pk_events"}),
    "listing a partner's events": Hot(event_page(partner="acme"), {"ix_events_partner_id_id"}),
    "listing events of a type": Hot(event_page(event_type="user.closed"), {"pk_events"}),
    "listing events that got nowhere": Hot(event_page(unrouted=UnroutedBy.ANY), {"ix_events_unrouted"}),
    "listing the event of a key": Hot(event_page(partner="acme", idempotency_key="k"), {"pk_idempotency_keys"}),
    "choosing what to send again": Hot(again(), {"ix_deliveries_failed"}),
    "choosing what to send again of a partner": Hot(again(partner="partner-7"), {"ix_deliveries_failed_of_partner"}),
    "choosing delivered ones to send again": Hot(again(state=State.DELIVERED), {PRIMARY}),
    "counting what would be sent again": Hot(
        lambda connection: selection.count(connection, Selection(), behind="", up_to=NAME),
        {"ix_deliveries_failed", "ix_deliveries_event_id"},
    ),
    "looking for a redelivery that is due": Hot(
        lambda connection: redeliveries.take_due(connection, now=START), {"ix_redeliveries_running"}
    ),
    "listing redeliveries": Hot(
        lambda connection: redeliveries.page(connection, before="rdl_1", limit=50), {"pk_redeliveries"}
    ),
    "adding up statistics": Hot(
        lambda connection: statistics.roll_up(connection, now=START),
        {"ix_statistics_resolution_bucket_at"},
    ),
    "showing statistics": Hot(
        lambda connection: statistics.counts(
            connection,
            Wanted(
                partner="partner-7",
                webhook=None,
                event_type=None,
                resolution=Resolution.HOUR,
                since=START,
                until=START + 40 * HOUR,
            ),
        ),
        {"pk_statistics"},
    ),
    "noting the backlog": Hot(
        lambda connection: backlog.note(connection, START, Height(pending=1, overdue=0)), {"pk_backlog"}
    ),
    "asking for how long the backlog waits": Hot(backlog.first_due_at, {"ix_deliveries_due"}),
    "showing the backlog": Hot(
        lambda connection: backlog.between(connection, Resolution.HOUR, START, START + 40 * HOUR), {"pk_backlog"}
    ),
    "checking a key": Hot(lambda connection: keys.credential(connection, "k"), {"pk_api_keys"}),
    "spending a nonce": Hot(lambda connection: keys.state_for_update(connection, "k"), {"pk_api_keys"}),
    "looking up a used nonce": Hot(lambda connection: 1 in keys.UsedNonces(connection, "k"), {"pk_used_nonces"}),
    "checking a token": Hot(lambda connection: tokens.living(connection, "0"), {"uq_platform_tokens_digest"}),
    "auditing everything": Hot(trail(), {TRAIL}),
    "auditing a span of time": Hot(trail(since=START, until=START), {TRAIL}),
    "auditing a partner": Hot(trail(partner="partner-7", since=START), {"ix_audit_entries_partner_id_id"}),
    "auditing an actor": Hot(trail(actor="token:token-7", since=START), {"ix_audit_entries_actor_id"}),
    "auditing an action": Hot(trail(action=AuditAction.TOKEN_CREATE), {"ix_audit_entries_action_id"}),
    "auditing what an actor did to a partner": Hot(
        trail(partner="partner-7", actor="token:token-7"), {"ix_audit_entries_partner_id_id"}
    ),
    "auditing what an actor did of one kind": Hot(
        trail(actor="token:token-7", action=AuditAction.TOKEN_CREATE), {"ix_audit_entries_actor_id"}
    ),
    "asking for a running test": Hot(
        lambda connection: webhooks.test_running_since(connection, WEBHOOK), {"uq_webhook_tests_running"}
    ),
}


SWEPT = {
    "attempts": {"pk_attempts", PRIMARY},
    "deliveries": {PRIMARY},
    "events": {"pk_events", "ix_deliveries_event_id"},
    "idempotency_keys": {"ix_idempotency_keys_created_at"},
    "webhook_tests": {"ix_webhook_tests_started_at"},
    "audit_entries": {TRAIL},
    "redeliveries": {"pk_redeliveries"},
}
"""The indexes by which the pruner finds what is old."""


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda sweep: sweep.table)
async def test_what_is_old_is_found_by_an_index(old: Database, sweep: Sweep) -> None:
    def happen_and_sweep(connection: Connection) -> None:
        happen(connection, START)
        sweep.step(connection, LATER, "", 9)

    plan = await plan_of(old, happen_and_sweep)
    assert scanned(plan) == set(), plan
    assert used(plan) >= SWEPT[sweep.table], plan


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def old_url(copies: Copies) -> AsyncIterator[str]:
    """Name a database with a history."""
    with copies() as url:
        database = opened(url)
        await database.write(fill)
        await database.close()
        yield url


@pytest_asyncio.fixture
async def old(old_url: str) -> AsyncIterator[Database]:
    """Open a database with a history."""
    database = opened(old_url)
    yield database
    await database.close()


@pytest.mark.parametrize("title", HOT)
async def test_what_runs_all_the_time_is_found_by_an_index(old: Database, title: str) -> None:
    hot = HOT[title]
    plan = await plan_of(old, hot.work)
    assert scanned(plan) == set(), plan
    assert used(plan) >= hot.indexes, plan


async def test_every_move_of_a_delivery_is_among_them() -> None:
    recorded = {move for move in Move if f"recording {move}" in HOT}
    elsewhere = {Move.QUEUED, Move.HANDED_OVER, Move.CLAIMED, Move.RELEASED, Move.EXPIRED, Move.WITHDRAWN}
    assert recorded | elsewhere == set(Move)
