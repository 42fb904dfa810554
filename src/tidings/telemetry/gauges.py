"""How things stand, as gauges for Prometheus: set at each scrape, never by facts."""

from tidings.core.instants import Instant, Span, to_seconds
from tidings.core.model import State
from tidings.telemetry.shelf import Shelf
from tidings.telemetry.standing import Load, Standing


class Gauges:
    """What a scrape sets."""

    def __init__(self, shelf: Shelf) -> None:
        self._info = shelf.gauge("tidings_info", "Always 1: the version that runs and its role.", "version", "role")
        self._of_the_database(shelf)
        self._of_the_engine(shelf)

    def set_info(self, *, version: str, role: str) -> None:
        self._info.labels(version=version, role=role).set(1)

    def set_standing(self, standing: Standing | None, *, now: Instant, lease: Span) -> None:
        """Show what the database says; None is a database that does not answer: its gauges stay as they were."""
        self._is_up.set(standing is not None)
        if standing is None:
            return
        for state in State:
            self._states.labels(state=state.value).set(standing.tallied.get(state, 0))
        self._fan_out.set(standing.fan_out)
        self._unaccounted.set(standing.unaccounted)
        self._lanes_waiting.set(standing.lanes)
        self._suspects.set(standing.suspects)
        self._processes.set(standing.processes)
        started = None if standing.oldest_lease_until is None else standing.oldest_lease_until - lease
        for state, since in ((State.PENDING, standing.oldest_due_at), (State.IN_FLIGHT, started)):
            age = 0 if since is None else max(0, now - since)
            self._age.labels(state=state.value).set(to_seconds(age))

    def set_load(self, load: Load) -> None:
        """Show what the engine is doing."""
        self._slots.set(load.slots)
        self._in_flight.set(load.in_flight)
        self._in_flight_apart.set(load.in_flight_apart)
        self._unsettled.set(load.unsettled)
        for condition, count in (
            ("in_flight", load.lanes_in_flight),
            ("known", load.lanes_known),
            ("doubtful", load.lanes_doubtful),
        ):
            self._lanes.labels(condition=condition).set(count)

    def _of_the_database(self, shelf: Shelf) -> None:
        self._is_up = shelf.gauge(
            "tidings_database_up", "1 when the database answered this scrape, else 0: then what it told last is shown."
        )
        self._states = shelf.gauge(
            "tidings_deliveries",
            "Deliveries by state, of all processes together; those that retention removed are counted still.",
            "state",
        )
        self._fan_out = shelf.gauge(
            "tidings_deliveries_fan_out",
            "Deliveries ever made: delivered + failed + cancelled + pending + in flight (guarantee G19).",
        )
        self._unaccounted = shelf.gauge(
            "tidings_deliveries_unaccounted",
            "Tallied pending and in flight, less the rows that are there: anything but 0 breaks guarantee G19. "
            "More than 10,000 pending rows are not counted at each scrape; those in flight always are.",
        )
        self._age = shelf.gauge(
            "tidings_backlog_age_seconds",
            "Pending: how long the oldest has been due. In flight: how long ago the oldest was leased.",
            "state",
        )
        self._lanes_waiting = shelf.gauge("tidings_backlog_lanes", "Webhooks with a pending delivery.")
        self._suspects = shelf.gauge(
            "tidings_suspects",
            "Pending deliveries that lost their lease again and again, and are sent apart from the others. "
            "1,000 may be more.",
        )
        self._processes = shelf.gauge(
            "tidings_processes", "Processes that share the work on PostgreSQL and were heard of lately; 0 on SQLite."
        )

    def _of_the_engine(self, shelf: Shelf) -> None:
        self._slots = shelf.gauge(
            "tidings_slots", "Attempts that this process may have in flight, not counting those made apart."
        )
        self._in_flight = shelf.gauge(
            "tidings_attempts_in_flight",
            "Attempts that this process has in flight. Those made apart hold no slot: there may be more than slots.",
        )
        self._in_flight_apart = shelf.gauge(
            "tidings_attempts_in_flight_apart",
            "Of the attempts in flight, those of suspects, made apart from the others.",
        )
        self._unsettled = shelf.gauge(
            "tidings_attempts_unsettled", "Attempts of this process in flight or with a result yet to be written."
        )
        self._lanes = shelf.gauge(
            "tidings_lanes",
            "Lanes (webhooks) of this process: with attempts in flight; kept in mind; not proven, or failing.",
            "condition",
        )
