"""``tidings stats``: how much, how well and how fast."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from tidings.actions.statistics import Bucket, StatisticsFilter, show_statistics
from tidings.cli.moments import Since, Until
from tidings.cli.printing import AsJson, Record, record, show, table
from tidings.cli.session import ask
from tidings.core.instants import rfc3339_micros

_COUNTED = ("published", "delivered", "failed", "cancelled", "attempts", "failed_attempts")
_LATENCY = ("p50_ms", "p95_ms", "p99_ms")


def stats(  # noqa: PLR0913 - one option for each filter
    *,
    partner: Annotated[str | None, typer.Option(help="Only this partner's.")] = None,
    webhook: Annotated[str | None, typer.Option(help="Only this webhook's.")] = None,
    event_type: Annotated[str | None, typer.Option(help="Only of this event type.")] = None,
    since: Since = None,
    until: Until = None,
    bucket: Annotated[Bucket, typer.Option(help="The span of one line.")] = Bucket.HOUR,
    as_json: AsJson = False,
) -> None:
    """Count what happened over time. The last seconds may be missing; lines without anything are left out."""
    wanted = StatisticsFilter(
        partner=partner, webhook=webhook, event_type=event_type, since=since, until=until, bucket=bucket
    )
    found = ask(lambda ctx: show_statistics(ctx, wanted))
    document: Record = {
        "bucket": found.bucket.value,
        "since": rfc3339_micros(found.since),
        "until": rfc3339_micros(found.until),
        "points": [record(point) for point in found.points],
        "total": record(found.total),
    }
    show(document, _people(document), as_json=as_json)


def _people(document: Mapping[str, Any]) -> RenderableType:
    lines = [point for point in document["points"] if any(point[name] for name in _COUNTED)]
    total = {**document["total"], "starts_at": "total"}
    return table([*lines, total], ("starts_at", *_COUNTED, *_LATENCY), empty="") if lines else "Nothing happened then."
