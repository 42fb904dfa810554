"""What deliveries a page asks for, from its address, and back into an address."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from msgspec import Struct

from tidings.actions.browsing import DeliveryFilter
from tidings.core.instants import Instant
from tidings.core.model import State
from tidings.errors import InvalidArgument
from tidings.web.pages.forms import Form

FIELDS = ("partner", "webhook", "event", "event_type", "state", "since", "until")
_LONGEST_TRAIL = 30
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)


class DeliveryQuery(Struct, frozen=True, kw_only=True):
    """A filter and a place in its list. ``given`` is the filter as it was written, ``trail`` the places before."""

    given: dict[str, str]
    filter: DeliveryFilter
    before: str | None
    trail: tuple[str, ...]

    @property
    def is_first(self) -> bool:
        return self.before is None

    def newest(self) -> str:
        """Return the query of the list's first page."""
        return urlencode(self.given)

    def older(self, cursor: str) -> str:
        """Return the query of the next page."""
        trail = [*self.trail, self.before or ""][-_LONGEST_TRAIL:]
        return self._at(cursor, trail)

    def newer(self) -> str:
        """Return the query of the page before, the first one when the trail is lost."""
        return self._at(self.trail[-1] if self.trail else "", self.trail[:-1])

    def _at(self, before: str, trail: Sequence[str]) -> str:
        place = {"before": before, "trail": ".".join(trail)} if before else {}
        return urlencode({**self.given, **place})


def delivery_query(form: Form) -> DeliveryQuery:
    """Return the query. Raises InvalidArgument with the field that is wrong."""
    fields = form.given()
    given = {name: fields[name].strip() for name in FIELDS if fields.get(name, "").strip()}
    words = {name: value for name, value in given.items() if name not in {"state", "since", "until"}}
    wanted = DeliveryFilter(
        **words,
        state=_state(given.get("state")),
        since=moment("since", given.get("since")),
        until=moment("until", given.get("until")),
    )
    trail = tuple(fields["trail"].split(".")[-_LONGEST_TRAIL:]) if "trail" in fields else ()
    return DeliveryQuery(given=given, filter=wanted, before=fields.get("before"), trail=trail)


def _state(text: str | None) -> State | None:
    try:
        return None if text is None else State(text)
    except ValueError:
        raise InvalidArgument("state", f"must be one of {', '.join(State)}") from None


def moment(name: str, text: str | None) -> Instant | None:
    """Read a moment as a browser's field for dates writes it, or RFC 3339; without an offset it is UTC."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidArgument(name, "must be a moment like 2025-01-15T10:30") from None
    read = read if read.tzinfo is not None else read.replace(tzinfo=UTC)
    if not _EPOCH <= read < _LATEST:
        raise InvalidArgument(name, "must be a moment of our age")
    return (read - _EPOCH) // _MICROSECOND
