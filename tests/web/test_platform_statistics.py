"""Statistics over HTTP: what is counted for whom, and which questions are refused."""

import pytest

from support.event_samples import sample
from support.partner_client import PartnerClient
from support.platform_answers import MICROS, name_of, problem, publish
from support.served import Served
from tidings.core.instants import MILLISECOND, SECOND
from tidings.engine.rolling_up import roll_up_all
from tidings.store import backlog, statistics
from tidings.store.backlog import Height
from tidings.store.group_commit import each
from tidings.store.transaction import Transaction

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATISTICS = "/platform/v1/statistics"
TEN_O_CLOCK = 1_738_404_000 * SECOND
"""2025-02-01T10:00:00Z."""
MINUTE, HOUR = 60 * SECOND, 3_600 * SECOND
POINT = [
    "starts_at",
    *("published", "delivered", "failed", "cancelled", "attempts", "failed_attempts"),
    *("p50_ms", "p95_ms", "p99_ms"),
    *("most_pending", "longest_overdue_ms"),
]


async def test_what_was_published_and_cancelled_is_counted(
    at: Served, acme: PartnerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "HOLD", -SECOND)
    partner = await name_of(at, acme)
    webhook = (await acme.register(enabled=True, events=["user.closed"]))["webhook"]["id"]
    await publish(at, *({"partner": partner, "payload": sample(kind)} for kind in ("user.closed", "user.disabled")))
    await acme.call("DELETE", f"/b2b/webhooks/{webhook}")
    await at.ctx.store.write(roll_up_all, at.ctx)

    async def counted(query: str) -> tuple[int, int]:
        answer = await at.platform("GET", f"{STATISTICS}?{query}")
        assert answer.status == 200, answer
        return answer.result["total"]["published"], answer.result["total"]["cancelled"]

    assert await counted(f"partner={partner}") == (2, 1)
    assert await counted(f"partner={partner}&event_type=user.disabled") == (1, 0)
    assert await counted(f"webhook={webhook}") == (1, 1)
    assert await counted(f"webhook={webhook}&bucket=minute") == (1, 1)
    assert await counted(f"webhook={webhook}&bucket=day") == (1, 1)
    assert await counted(f"partner={partner}&until=2025-01-01T00:00:00Z") == (0, 0)
    everybody = await counted("")
    assert everybody >= (2, 1)


async def test_the_backlog_is_told_of_all_deliveries_together_and_not_where_nobody_looked(
    at: Served, acme: PartnerClient
) -> None:
    partner = await name_of(at, acme)
    for seconds, pending in ((MINUTE, 3), (3 * MINUTE, 7), (3 * HOUR, 2)):
        height = Height(pending=pending, overdue=1_500 * MILLISECOND)
        await at.ctx.store.write(_note_all, (TEN_O_CLOCK + seconds, height))

    async def told(query: str) -> list[tuple[int | None, int | None]]:
        answer = await at.platform("GET", f"{STATISTICS}?since=2025-02-01T10:00:00Z&{query}")
        assert answer.status == 200, answer
        points = [*answer.result["points"], answer.result["total"]]
        return [(point["most_pending"], point["longest_overdue_ms"]) for point in points]

    nothing = (None, None)
    minutes = "until=2025-02-01T10:04:00Z&bucket=minute"
    assert await told(minutes) == [nothing, (3, 1500), nothing, (7, 1500), (7, 1500)]
    hours = [(7, 1500), nothing, nothing, (2, 1500), (7, 1500)]
    assert await told("until=2025-02-01T14:00:00Z&bucket=hour") == hours
    assert await told("until=2025-02-02T10:00:00Z&bucket=day") == [(7, 1500), nothing, (7, 1500)]
    for filtered in (f"partner={partner}", "event_type=user.closed"):
        assert await told(f"{minutes}&{filtered}") == [nothing] * 5


def _note(transaction: Transaction, noted: tuple[int, Height]) -> None:
    assert backlog.note(transaction.connection, *noted)


_note_all = each(_note)


async def test_every_bucket_of_a_span_has_a_point(at: Served) -> None:
    span = "since=2025-01-01T10:30:00Z&until=2025-01-01T12:00:01Z&bucket=hour"

    found = (await at.platform("GET", f"{STATISTICS}?{span}")).result

    assert list(found) == ["bucket", "since", "until", "points", "total"]
    assert [point["starts_at"][:16] for point in found["points"]] == [f"2025-01-01T1{hour}:00" for hour in range(3)]
    assert (found["since"][:16], found["until"][:16]) == ("2025-01-01T10:00", "2025-01-01T13:00")
    assert list(found["total"]) == POINT
    assert (found["total"]["attempts"], found["total"]["p99_ms"]) == (0, None)
    assert MICROS.fullmatch(found["since"])


async def test_without_a_span_the_last_sixty_buckets_are_told(at: Served) -> None:
    assert len((await at.platform("GET", f"{STATISTICS}?bucket=minute")).result["points"]) == 60


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("colour=red", "colour"),
        ("limit=5", "limit"),
        ("bucket=week", "bucket"),
        ("since=2025-01-02T00:00:00Z&until=2025-01-01T00:00:00Z", "until"),
        ("since=2020-01-01T00:00:00Z&bucket=minute", "since"),
        ("since=today", "since"),
        ("until=1969-12-31T23:59:59Z", "until"),
        ("until=9999-12-31T23:59:59Z", "until"),
        ("since=0001-01-01T00:00:00%2B14:00&until=0001-01-02T00:00:00Z", "since"),
    ],
)
async def test_a_question_that_is_not_understood_is_refused(at: Served, query: str, field: str) -> None:
    assert problem(await at.platform("GET", f"{STATISTICS}?{query}"), 400, "invalid_argument")["field"] == field


async def test_a_webhook_is_its_own_partners(at: Served, acme: PartnerClient, other: PartnerClient) -> None:
    stranger = await name_of(at, other)
    webhook = (await acme.register())["webhook"]["id"]

    problem(await at.platform("GET", f"{STATISTICS}?webhook=WHNONE"), 404, "not_found")
    problem(await at.platform("GET", f"{STATISTICS}?webhook={webhook}&partner={stranger}"), 404, "not_found")
