"""Lane limits across processes that join, drain, leave, are killed, and hear of each other late."""

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tidings.core.instants import SECOND, Span
from tidings.core.membership import OUT_OF_TOUCH, SILENCE, Roll, Said, Terms

LIMIT = 3
LANES = ("a", "b", "c")
NAMES = ("p1", "p2", "p3", "p4")


def said(process: str, *, seen_at: int = 0, view: tuple[str, ...] | None = (), busy: tuple[str, ...] = ()) -> Said:
    return Said(process, seen_at, view, frozenset(busy))


class Process:
    """A process as the engine makes one of terms and a roll, in a world of its own."""

    def __init__(self, name: str) -> None:
        self.terms = Terms(name)
        self.roll = Roll()
        self.in_flight: Counter[str] = Counter()
        self.heard_at: Span | None = None
        self.stopping = False

    def share(self, lane: str) -> int:
        return self.terms.share(lane, limit=LIMIT)

    def busy(self) -> frozenset[str]:
        return frozenset(lane for lane in LANES if self.in_flight[lane] > self.share(lane))

    def listen(self, everybody: list[Said], spoke_at: Span, now: Span) -> None:
        if not self.is_in_touch(now):
            self.terms = Terms(self.terms.process)
        self.heard_at = spoke_at
        self.roll = self.roll.after(everybody, at=spoke_at, now=spoke_at)
        living = self.roll.living()
        self.terms = self.terms.shrunk_for(living) if living != self.terms.view else self.terms.agreed(everybody)

    def is_in_touch(self, now: Span) -> bool:
        return self.heard_at is not None and now - self.heard_at < OUT_OF_TOUCH

    def may_take(self, lane: str, now: Span) -> bool:
        return self.is_in_touch(now) and not self.stopping and self.in_flight[lane] < self.share(lane)


class Processes(RuleBasedStateMachine):
    """Anything may happen in any order; a lane never has more in flight than its limit."""

    def __init__(self) -> None:
        super().__init__()
        self.now: Span = 1000 * SECOND
        self.living: dict[str, Process] = {}
        self.rows: dict[str, Said] = {}
        self.heard: dict[str, tuple[Span, list[Said]]] = {}
        self.born = 0

    @initialize(count=st.integers(1, 3))
    def begin(self, count: int) -> None:
        for _ in range(count):
            self.join()
        self.settle()

    @precondition(lambda self: len(self.living) < len(NAMES))
    @rule()
    def join(self) -> None:
        self.born += 1
        name = f"p{self.born}"
        self.living[name] = Process(name)

    @rule(chosen=st.integers(0, 9))
    def speak(self, chosen: int) -> None:
        """Write a word and read everybody's, as one transaction; what is read is acted upon later."""
        if (name := self._any(chosen)) is not None and name not in self.heard:
            one = self.living[name]
            self.rows[name] = Said(name, self.now, one.terms.view, one.busy())
            self.heard[name] = self.now, self.everybody()

    @rule(chosen=st.integers(0, 9))
    def listen(self, chosen: int) -> None:
        if (name := self._any(chosen)) is not None and name in self.heard:
            spoke_at, everybody = self.heard.pop(name)
            self.living[name].listen(everybody, spoke_at, self.now)

    @rule(chosen=st.integers(0, 9), lane=st.sampled_from(LANES))
    def finish(self, chosen: int, lane: str) -> None:
        if (name := self._any(chosen)) is not None and self.living[name].in_flight[lane]:
            self.living[name].in_flight[lane] -= 1

    @rule(chosen=st.integers(0, 9))
    def kill(self, chosen: int) -> None:
        if (name := self._any(chosen)) is not None:
            del self.living[name]
            self.heard.pop(name, None)

    @rule(chosen=st.integers(0, 9))
    def stop(self, chosen: int) -> None:
        if (name := self._any(chosen)) is not None:
            self.living[name].stopping = True

    @rule()
    def leave(self) -> None:
        """Let those go that have nothing in flight any more."""
        for name, one in list(self.living.items()):
            if one.stopping and not +one.in_flight and name not in self.heard:
                del self.living[name]
                self.rows.pop(name, None)

    @rule(hundredths=st.integers(1, 90))
    def wait(self, hundredths: int) -> None:
        """Let time pass; who lives speaks about once a second, as an engine does, and hears what was said."""
        self.now += hundredths * SECOND // 100
        for name, one in self.living.items():
            if one.heard_at is None or self.now - one.heard_at >= SECOND:
                self.listen_to(name)

    @rule(chosen=st.integers(0, 9))
    def cut_off(self, chosen: int) -> None:
        """Keep one from speaking until it counts as dead; what it had in flight has ended by then."""
        name = self._any(chosen)
        for _ in range(8):
            self.now += SECOND
            for other in self.living:
                if other != name:
                    self.listen_to(other)
        if name is not None:
            self.living[name].in_flight.clear()

    def listen_to(self, name: str) -> None:
        one = self.living[name]
        self.rows[name] = Said(name, self.now, one.terms.view, one.busy())
        self.heard.pop(name, None)
        one.listen(self.everybody(), self.now, self.now)

    def everybody(self) -> list[Said]:
        return sorted(self.rows.values(), key=lambda row: row.process)

    @rule()
    def settle(self) -> None:
        """Once nothing changes for a while, the whole limit is in use again."""
        for _ in range(12):
            self.now += SECOND
            for name, one in self.living.items():
                one.in_flight.clear()
                self.listen_to(name)
        for lane in LANES:
            assert not self.living or sum(one.share(lane) for one in self.living.values()) == LIMIT

    @invariant()
    def no_lane_has_too_much_in_flight(self) -> None:
        for lane in LANES:
            # Everybody takes what it may at every moment.
            for one in self.living.values():
                while one.may_take(lane, self.now):
                    one.in_flight[lane] += 1
            assert sum(one.in_flight[lane] for one in self.living.values()) <= LIMIT

    def _any(self, chosen: int) -> str | None:
        names = list(self.living)
        return names[chosen % len(names)] if names else None


TestProcesses = Processes.TestCase
TestProcesses.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)


def test_who_joins_may_take_nothing_before_all_have_shrunk() -> None:
    terms = Terms("p2").shrunk_for(("p1", "p2"))
    before = terms.agreed([said("p1", view=("p1",)), said("p2")])
    after = terms.agreed([said("p1", view=("p1", "p2")), said("p2")])

    assert [before.share(lane, limit=2) for lane in LANES] == [0, 0, 0]
    assert [after.share(lane, limit=2) for lane in LANES] == [1, 1, 1]


def test_a_lane_in_which_another_holds_too_much_is_left_to_it() -> None:
    terms = Terms("p2").shrunk_for(("p1", "p2")).agreed([said("p1", view=("p1", "p2"), busy=("b",)), said("p2")])

    assert [terms.share(lane, limit=2) for lane in LANES] == [1, 0, 1]


def test_a_release_that_says_nothing_of_views_is_not_waited_for() -> None:
    terms = Terms("p2").shrunk_for(("p1", "p2")).agreed([said("p1", view=None), said("p2")])

    assert terms.share("a", limit=2) == 1


def test_views_that_come_again_are_kept_once() -> None:
    terms = Terms("p1")
    for _ in range(3):
        terms = terms.shrunk_for(("p1", "p2")).shrunk_for(("p1",))

    assert len(terms.bounds) == 3


@pytest.mark.parametrize(("quiet", "lives"), [(SILENCE - 1, True), (SILENCE, False)])
def test_a_process_is_dead_when_it_was_silent_for_long_enough(quiet: Span, *, lives: bool) -> None:
    roll, at = Roll(), 0
    while at < quiet:
        roll = roll.after([said("p1", seen_at=7), said("p2", seen_at=at)], at=at, now=at)
        at = min(quiet, at + SECOND)
    roll = roll.after([said("p1", seen_at=7), said("p2", seen_at=at)], at=at, now=at)

    assert roll.living() == (("p1", "p2") if lives else ("p2",))


def test_who_could_not_look_for_a_while_does_not_call_the_others_silent() -> None:
    roll = Roll().after([said("p1"), said("p2")], at=0, now=0)
    roll = roll.after([said("p1"), said("p2", seen_at=1)], at=SILENCE, now=SILENCE)

    assert roll.living() == ("p1", "p2")


def test_who_had_died_before_is_not_waited_for_by_a_process_that_joins() -> None:
    roll = Roll().after([said("p1", seen_at=0), said("p2", seen_at=SILENCE)], at=77, now=SILENCE)

    assert roll.living() == ("p2",)


def test_nobody_lives_before_the_first_look() -> None:
    assert Roll().living() == ()
