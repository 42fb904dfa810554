"""Where a page is in its list.

Owns the filter as it was written and the trail of the pages before, so that both directions are one click and every
place has an address.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

from msgspec import Struct

from tidings.web.pages.forms import Form

_LONGEST_TRAIL = 30


class Listing(Struct, frozen=True):
    """A filter and a place. ``before`` is the cursor that the page began with; None on the first one."""

    given: dict[str, str]
    before: str | None = None
    trail: tuple[str, ...] = ()

    @property
    def is_first(self) -> bool:
        return self.before is None

    def get(self, name: str) -> str:
        """Return a part of the filter as it was written, empty when it was not."""
        return self.given.get(name, "")

    def newest(self) -> str:
        """Return the query of the list's first page."""
        return urlencode(self.given)

    def older(self, cursor: str) -> str:
        """Return the query of the next page."""
        return self._at(cursor, [*self.trail, self.before or ""][-_LONGEST_TRAIL:])

    def newer(self) -> str:
        """Return the query of the page before; of the first one when the trail is lost."""
        return self._at(self.trail[-1] if self.trail else "", self.trail[:-1])

    def _at(self, before: str, trail: Sequence[str]) -> str:
        place = {"before": before, "trail": " ".join(trail)} if before else {}
        return urlencode({**self.given, **place})


def listing(form: Form, fields: Iterable[str] = ()) -> Listing:
    """Return the place that an address names. Of the filter only ``fields`` count."""
    given = {name: value for name in fields if (value := form.one(name).strip())}
    before, trail = form.one("before"), form.one("trail")
    if not before:
        return Listing(given)
    return Listing(given, before, tuple(trail.split(" ")[-_LONGEST_TRAIL:]))
