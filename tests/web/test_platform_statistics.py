"""Statistics over HTTP: what is counted for whom, and which questions are refused."""

import pytest

from support.event_samples import sample
from support.partner_client import PartnerClient
from support.platform_answers import MICROS, name_of, problem, publish
from support.served import Served
from tidings.core.instants import SECOND
from tidings.engine.rolling_up import roll_up_all
from tidings.store import statistics

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATISTICS = "/platform/v1/statistics"
POINT = [
    "starts_at",
    *("published", "delivered", "failed", "cancelled", "attempts", "failed_attempts"),
    *("p50_ms", "p95_ms", "p99_ms"),
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
    ],
)
async def test_a_question_that_is_not_understood_is_refused(at: Served, query: str, field: str) -> None:
    assert problem(await at.platform("GET", f"{STATISTICS}?{query}"), 400, "invalid_argument")["field"] == field


async def test_a_webhook_is_its_own_partners(at: Served, acme: PartnerClient, other: PartnerClient) -> None:
    stranger = await name_of(at, other)
    webhook = (await acme.register())["webhook"]["id"]

    problem(await at.platform("GET", f"{STATISTICS}?webhook=WHNONE"), 404, "not_found")
    problem(await at.platform("GET", f"{STATISTICS}?webhook={webhook}&partner={stranger}"), 404, "not_found")
