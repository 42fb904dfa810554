"""What is sent and shown of redeliveries."""

from typing import Annotated

from msgspec import Meta, Struct

from tidings.actions.bulk_redelivery import (
    MOST_PER_SECOND,
    USUAL_PER_SECOND,
    Preview,
    Redelivery,
    RedeliveryPage,
    RedeliveryState,
    Selection,
)
from tidings.core.instants import Instant, rfc3339_micros
from tidings.core.model import State
from tidings.web.platform_api.queries import Moment, Word, asked_instant
from tidings.web.platform_api.views import shown


class NewRedeliveryBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Which ended deliveries are to be sent again, and how many a second.

    state: failed, cancelled or delivered. since and until are about when the deliveries were created. dry_run: count
    them and change nothing.
    """

    partner: Word | None = None
    webhook: Word | None = None
    event_type: Word | None = None
    state: State = State.FAILED
    since: Moment | None = None
    until: Moment | None = None
    rate: Annotated[int, Meta(ge=1, le=MOST_PER_SECOND)] = USUAL_PER_SECOND
    dry_run: bool = False

    def selection(self) -> Selection:
        return Selection(
            partner=self.partner,
            webhook=self.webhook,
            event_type=self.event_type,
            state=self.state,
            since=None if self.since is None else asked_instant("since", self.since),
            until=None if self.until is None else asked_instant("until", self.until),
        )


class SelectionFields(Struct, frozen=True, kw_only=True):
    """Which deliveries are wanted."""

    partner: str | None
    webhook: str | None
    event_type: str | None
    state: State
    since: str | None
    until: str | None


class RedeliveryFields(Struct, frozen=True, kw_only=True):
    """A redelivery. It is through with made + left_out + refused of its total, which is null when it was not counted.

    made: sent again; left_out: had been before; refused: the webhook or its partner is disabled or gone.
    """

    id: str
    state: RedeliveryState
    selection: SelectionFields
    rate: int
    total: int | None
    made: int
    left_out: int
    refused: int
    created_at: str
    finished_at: str | None


class PreviewFields(Struct, frozen=True, kw_only=True):
    """What would be found: left_out of the matched have been sent again already.

    complete is false when there are more than could be counted in ten seconds.
    """

    matched: int
    left_out: int
    complete: bool


class NewRedeliveryView(Struct, frozen=True):
    """The redelivery that was begun, or what one would find."""

    redelivery: RedeliveryFields | None
    preview: PreviewFields | None


class OneRedeliveryView(Struct, frozen=True):
    """A redelivery as it is now."""

    redelivery: RedeliveryFields


class RedeliveriesView(Struct, frozen=True):
    """A page of redeliveries, newest first."""

    redeliveries: tuple[RedeliveryFields, ...]
    next_cursor: str | None


def preview_view(found: Preview) -> NewRedeliveryView:
    return NewRedeliveryView(None, shown(found, PreviewFields))


def new_redelivery_view(job: Redelivery) -> NewRedeliveryView:
    return NewRedeliveryView(_fields(job), None)


def one_redelivery_view(job: Redelivery) -> OneRedeliveryView:
    return OneRedeliveryView(_fields(job))


def redeliveries_view(page: RedeliveryPage) -> RedeliveriesView:
    return RedeliveriesView(tuple(_fields(job) for job in page.redeliveries), page.next_cursor)


def _fields(job: Redelivery) -> RedeliveryFields:
    wanted = job.selection
    return RedeliveryFields(
        id=job.id,
        state=job.state,
        selection=SelectionFields(
            partner=wanted.partner,
            webhook=wanted.webhook,
            event_type=wanted.event_type,
            state=wanted.state,
            since=_spelt(wanted.since),
            until=_spelt(wanted.until),
        ),
        rate=job.rate,
        total=job.total,
        made=job.made,
        left_out=job.left_out,
        refused=job.refused,
        created_at=rfc3339_micros(job.created_at),
        finished_at=_spelt(job.finished_at),
    )


def _spelt(moment: Instant | None) -> str | None:
    return None if moment is None else rfc3339_micros(moment)
