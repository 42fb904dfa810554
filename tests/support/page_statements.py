"""The statements that only pages ask for, and the indexes that must serve them.

Where one of several indexes serves equally well, none is named: that no table is read from end to end is asked anyway.
"""

from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy import Connection

from support.stepped_clock import START
from tidings.core.instants import SECOND
from tidings.store import browsing, conditions, events, operators, portal, statistics, waiting, webhooks
from tidings.store.statistics import Resolution, Wanted

_HOUR = 3600 * SECOND
Work: TypeAlias = Callable[[Connection], object]

OF_PAGES: dict[str, tuple[Work, set[str]]] = {
    "looking at a partner's own delivery": (
        lambda connection: browsing.get_own(connection, "acme", "dlv_00000000000000000000000000"),
        {"ix_deliveries_partner_id_id"},
    ),
    "looking at a partner's own event": (
        lambda connection: events.get_own(connection, "acme", "evt_00000000000000000000000000"),
        set(),
    ),
    "looking up an operator's session": (
        lambda connection: operators.session(connection, "0"),
        set(),
    ),
    "looking up a partner's visit": (
        lambda connection: portal.session(connection, "0", now=START),
        set(),
    ),
    "using a link to the partner page": (
        lambda connection: portal.use_link(connection, "0", START),
        set(),
    ),
    "counting what waits for a partner's webhooks": (
        lambda connection: waiting.of_webhooks(connection, ["WH1", "WH2"]),
        {"ix_deliveries_due"},
    ),
    "asking which of a partner's webhooks fail": (
        lambda connection: conditions.failing_among(connection, ["WH1", "WH2"]),
        {"pk_webhooks"},
    ),
    "showing statistics of a webhook": (
        lambda connection: statistics.counts(
            connection,
            Wanted(
                partner="partner-7",
                webhook="WH7",
                event_type=None,
                resolution=Resolution.HOUR,
                since=START,
                until=START + 40 * _HOUR,
            ),
        ),
        {"pk_statistics"},
    ),
    "paging through webhooks": (
        lambda connection: webhooks.page(connection, partner=None, after="WH1", limit=50),
        {"pk_webhooks"},
    ),
}
