"""Query parameters, read strictly.

Owns their names, types and limits. Refuses an unknown or doubled one: a filter that is silently ignored lies.
"""

import re
from datetime import datetime
from typing import Annotated, TypeAlias, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar.types import Scope
from msgspec import UNSET, Meta, Struct, UnsetType, convert

from tidings.actions.auditing import AuditFilter
from tidings.actions.browsing import DeliveryFilter, EventFilter, UnroutedBy
from tidings.actions.live import EndedFilter, Ending
from tidings.actions.statistics import Bucket, StatisticsFilter
from tidings.core.audit import AuditAction
from tidings.core.instants import Instant, instant_of
from tidings.core.model import State
from tidings.errors import InvalidArgument
from tidings.web.shape import complaint

MOST_PARAMETERS = 32

Word: TypeAlias = Annotated[str, Meta(max_length=255, pattern=r"^[ -~]*\Z")]
Key: TypeAlias = Annotated[str, Meta(max_length=255, pattern=r"^[^\u0000-\u001f\u007f]*\Z")]
Limit: TypeAlias = Annotated[int, Meta(ge=1, le=500)]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]

Query = TypeVar("Query", bound=Struct)

_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,8})", re.ASCII)


class DeliveryQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What deliveries are wanted. ``since`` and ``until`` are about when they were created."""

    partner: Word | UnsetType = UNSET
    webhook: Word | UnsetType = UNSET
    event: Word | UnsetType = UNSET
    event_type: Word | UnsetType = UNSET
    state: State | UnsetType = UNSET
    since: Moment | UnsetType = UNSET
    until: Moment | UnsetType = UNSET
    limit: Limit = 50
    cursor: Word | UnsetType = UNSET

    def filter(self) -> DeliveryFilter:
        return DeliveryFilter(
            partner=_or_none(self.partner),
            webhook=_or_none(self.webhook),
            event=_or_none(self.event),
            event_type=_or_none(self.event_type),
            state=None if self.state is UNSET else self.state,
            since=_instant("since", self.since),
            until=_instant("until", self.until),
        )


class EventQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What events are wanted. ``unrouted`` is a reason why no webhook matched, or ``any`` reason."""

    partner: Word | UnsetType = UNSET
    event_type: Word | UnsetType = UNSET
    unrouted: UnroutedBy | UnsetType = UNSET
    idempotency_key: Key | UnsetType = UNSET
    since: Moment | UnsetType = UNSET
    until: Moment | UnsetType = UNSET
    limit: Limit = 50
    cursor: Word | UnsetType = UNSET

    def filter(self) -> EventFilter:
        return EventFilter(
            partner=_or_none(self.partner),
            event_type=_or_none(self.event_type),
            unrouted=None if self.unrouted is UNSET else self.unrouted,
            idempotency_key=_or_none(self.idempotency_key),
            since=_instant("since", self.since),
            until=_instant("until", self.until),
        )


class AuditQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What entries are wanted. ``actor`` is spelt ``kind:name``; ``since`` and ``until`` are about when it happened."""

    partner: Word | UnsetType = UNSET
    actor: Word | UnsetType = UNSET
    action: AuditAction | UnsetType = UNSET
    since: Moment | UnsetType = UNSET
    until: Moment | UnsetType = UNSET
    limit: Limit = 50
    cursor: Word | UnsetType = UNSET

    def filter(self) -> AuditFilter:
        return AuditFilter(
            partner=_or_none(self.partner),
            actor=_or_none(self.actor),
            action=None if self.action is UNSET else self.action,
            since=_instant("since", self.since),
            until=_instant("until", self.until),
        )


class WebhookQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose webhooks are wanted, and which page of them."""

    partner: Word | UnsetType = UNSET
    limit: Limit = 100
    cursor: Word | UnsetType = UNSET


class StatisticsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be counted. Without ``since`` the sixty buckets before ``until``, which is now when not given."""

    partner: Word | UnsetType = UNSET
    webhook: Word | UnsetType = UNSET
    event_type: Word | UnsetType = UNSET
    since: Moment | UnsetType = UNSET
    until: Moment | UnsetType = UNSET
    bucket: Bucket = Bucket.HOUR

    def filter(self) -> StatisticsFilter:
        return StatisticsFilter(
            partner=_or_none(self.partner),
            webhook=_or_none(self.webhook),
            event_type=_or_none(self.event_type),
            since=_instant("since", self.since),
            until=_instant("until", self.until),
            bucket=self.bucket,
        )


class LiveQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which attempts are wanted. ``state`` is the delivery's after the attempt."""

    partner: Word | UnsetType = UNSET
    webhook: Word | UnsetType = UNSET
    event_type: Word | UnsetType = UNSET
    outcome: Ending | UnsetType = UNSET
    state: State | UnsetType = UNSET

    def filter(self) -> EndedFilter:
        return EndedFilter(
            partner=_or_none(self.partner),
            webhook=_or_none(self.webhook),
            event_type=_or_none(self.event_type),
            ending=None if self.outcome is UNSET else self.outcome,
            state=None if self.state is UNSET else self.state,
        )


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of a list without filters is wanted."""

    limit: Limit = 50
    cursor: Word | UnsetType = UNSET


class PartnerQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of the partners is wanted."""

    limit: Limit = 100
    cursor: Word | UnsetType = UNSET


def audit_query(scope: Scope) -> AuditQuery:
    """Return the query. Raises InvalidArgument with the parameter that is wrong."""
    return _query(scope, AuditQuery)


def delivery_query(scope: Scope) -> DeliveryQuery:
    """Return the query. Raises InvalidArgument with the parameter that is wrong."""
    return _query(scope, DeliveryQuery)


def event_query(scope: Scope) -> EventQuery:
    """Return the query. Raises InvalidArgument with the parameter that is wrong."""
    return _query(scope, EventQuery)


def statistics_query(scope: Scope) -> StatisticsQuery:
    """Return the query. Raises InvalidArgument with the parameter that is wrong."""
    return _query(scope, StatisticsQuery)


def webhook_query(scope: Scope) -> WebhookQuery:
    """Return the query. Raises InvalidArgument with the parameter that is wrong."""
    return _query(scope, WebhookQuery)


def live_query(scope: Scope) -> LiveQuery:
    """Return the query. Raises InvalidArgument with the parameter that is wrong."""
    return _query(scope, LiveQuery)


def page_query(scope: Scope) -> PageQuery:
    """Return the query. Raises InvalidArgument with the parameter that is wrong."""
    return _query(scope, PageQuery)


def partner_query(scope: Scope) -> PartnerQuery:
    """Return the query. Raises InvalidArgument with the parameter that is wrong."""
    return _query(scope, PartnerQuery)


def _query(scope: Scope, shape: type[Query]) -> Query:
    given = _given(scope)
    for name in given:
        if name not in shape.__struct_fields__:
            raise InvalidArgument(name, "is no parameter of this list")
    try:
        return convert(given, shape)
    except msgspec.ValidationError as error:
        found = complaint(error)
        raise InvalidArgument(found.path or "query", found.why) from None


def _given(scope: Scope) -> dict[str, str | int]:
    """Return the parameters by name; an empty one counts as not given."""
    given: dict[str, str | int] = {}
    for name, value in _pairs(scope["query_string"]):
        if name in given:
            raise InvalidArgument(name, "may be given once")
        if value:
            given[name] = _number(value) if name == "limit" else value
    return given


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(query),
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:
        raise InvalidArgument("query", "is not a list of name=value") from None


def _number(text: str) -> int | str:
    return int(text) if _NUMBER.fullmatch(text) else text


def _or_none(word: str | UnsetType) -> str | None:
    return None if word is UNSET else word


def _instant(field: str, moment: datetime | UnsetType) -> Instant | None:
    return None if moment is UNSET else asked_instant(field, moment)


def asked_instant(field: str, moment: datetime) -> Instant:
    """Return the moment. Raises InvalidArgument for one at which nothing can have happened."""
    found = instant_of(moment)
    if found is None:
        raise InvalidArgument(field, "must be of the years 1970 to 9999")
    return found
