"""Who may have how many attempts in flight: slots of the process, and a limit for each webhook (its lane).

Owns fairness. A lane begins with ``first`` attempts in flight and grows by one with each success; one that keeps
failing shrinks to one. Lanes that fail, or have not succeeded yet, together hold at most half of the slots: receivers
that turn out to be silent must leave room for the others from the first moment on (docs/decisions/0004). Safe to call
from any thread: deliveries are handed over from inside a transaction.
"""

from collections import OrderedDict
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from enum import Enum
from threading import Lock

from tidings.telemetry.standing import Load

_FAILURES_THAT_SHRINK = 3
_MOST_REMEMBERED = 65_536
_UNSETTLED_PER_SLOT = 4
"""Results that may wait to be written, for each slot: a slow database must stop the claims, not fill the memory."""


class Room(Enum):
    """Why a lane may not have another attempt now."""

    LANE_FULL = "lane_full"
    FAILING_FULL = "failing_full"
    NO_SLOT = "no_slot"


class _Lane:
    __slots__ = ("apart", "failures", "in_flight", "is_proven", "limit", "most")

    def __init__(self, most: int, *, limit: int, is_proven: bool) -> None:
        self.most = most
        self.limit = limit
        self.is_proven = is_proven
        self.in_flight = 0
        self.apart = 0
        self.failures = 0

    @property
    def in_slots(self) -> int:
        """How many of those in flight hold a slot: all but those that are sent apart."""
        return self.in_flight - self.apart

    @property
    def is_failing(self) -> bool:
        return self.failures >= _FAILURES_THAT_SHRINK

    @property
    def is_doubtful(self) -> bool:
        return self.is_failing or not self.is_proven


class Lanes:
    """Counts attempts in flight by webhook, and says no.

    ``first`` is what a lane may have in flight before its first success; at ``lane_limit`` every lane is trusted.
    """

    def __init__(self, *, slots: int, lane_limit: int, first: int) -> None:
        self._lock = Lock()
        self._lanes: dict[str, _Lane] = {}
        self._slots = slots
        # Of a single slot, half would be none, and a failing lane could never show that it is well again.
        self._most_doubtful = max(1, slots // 2)
        self._first = first
        self._is_trusting = first >= lane_limit
        self._well: OrderedDict[str, None] = OrderedDict()
        self._share_of: Callable[[str], int] = lambda _webhook: lane_limit
        self._may_take: Callable[[], bool] = lambda: True
        self._kept_for: AbstractSet[str] = frozenset()
        self._apart = 0
        self._free = slots
        self._unsettled = 0
        self._most_unsettled = _UNSETTLED_PER_SLOT * slots
        self._doubtful_in_flight = 0
        self._handing_over = True

    @property
    def free(self) -> int:
        """How many attempts may begin now."""
        return min(self._free, self._most_unsettled - self._unsettled)

    @property
    def in_flight(self) -> int:
        return self._slots - self._free + self._apart

    def load(self) -> Load:
        """Return how busy the lanes are."""
        with self._lock:
            return Load(
                slots=self._slots,
                in_flight=self.in_flight,
                in_flight_apart=self._apart,
                unsettled=self._unsettled,
                lanes_in_flight=sum(lane.in_flight > 0 for lane in self._lanes.values()),
                lanes_known=len(self._lanes),
                lanes_doubtful=sum(lane.is_doubtful for lane in self._lanes.values()),
            )

    @property
    def known(self) -> int:
        """How many lanes are kept in mind: those in use, and those that something is known against."""
        return len(self._lanes)

    def hand_over(self, *, allowed: bool) -> None:
        """Let fresh deliveries take slots at once, or have them wait their turn behind lanes that wait already."""
        self._handing_over = allowed

    def share_out(self, share_of: Callable[[str], int]) -> None:
        """Limit each lane to what ``share_of`` says of it from now on; attempts in flight finish."""
        with self._lock:
            self._share_of = share_of
            for webhook, lane in self._lanes.items():
                was_whole = lane.limit == lane.most and not lane.is_doubtful
                lane.most = share_of(webhook)
                lane.limit = lane.most if was_whole else min(lane.most, max(1, lane.limit))

    def take_only_while(self, allowed: Callable[[], bool]) -> None:
        """Have every lane count as full at moments at which ``allowed`` says no."""
        self._may_take = allowed

    def over_share(self) -> list[str]:
        """Return the lanes that have more in flight than their share by now."""
        with self._lock:
            return [webhook for webhook, lane in self._lanes.items() if lane.in_flight > lane.most]

    def reserve(self, webhook: str) -> bool:
        """Take one slot for a fresh delivery."""
        return self._handing_over and self.take(webhook, 1) == 1

    def keep_for(self, webhooks: AbstractSet[str]) -> None:
        """Let nobody but ``take_apart`` have the next place in these lanes, and let go of those kept before."""
        with self._lock:
            self._kept_for = webhooks

    def take_apart(self, webhook: str) -> bool:
        """Take a place in a lane for a delivery that is sent apart from the others, and say whether there was one.

        It holds no slot, and has no part in what doubtful lanes may have together: neither waits for the other.
        """
        with self._lock:
            lane = self._lanes.get(webhook) or self._new(webhook)
            if not self._may_take() or lane.in_flight >= lane.limit:
                return False
            self._lanes[webhook] = lane
            self._move_apart(lane, 1)
            self._unsettled += 1
            return True

    def take(self, webhook: str, most: int) -> int | Room:
        """Take up to ``most`` slots for a lane; return how many, at least 1, or why none."""
        with self._lock:
            if not self._may_take():
                return Room.LANE_FULL
            lane = self._lanes.get(webhook) or self._new(webhook)
            in_lane = lane.limit - lane.in_flight - (webhook in self._kept_for)
            room = min(most, self.free, in_lane)
            if lane.is_doubtful:
                room = min(room, self._most_doubtful - self._doubtful_in_flight)
            if room <= 0:
                return self._why(in_lane)
            self._lanes[webhook] = lane
            self._move(lane, room)
            self._unsettled += room
            return room

    def give_back(self, webhook: str, count: int = 1, *, apart: bool = False) -> None:
        """Return slots in which no attempt was made, or what ``take_apart`` took."""
        if count:
            with self._lock:
                lane = self._lanes[webhook]
                self._leave(lane, count, apart=apart)
                self._unsettled -= count
                self._forget_idle(webhook, lane)

    def finish(self, webhook: str, *, succeeded: bool, apart: bool = False) -> None:
        """Return a slot whose attempt ended, and learn from its end. Its result is still to be written down.

        ``apart`` is whether it was sent apart, and so held none.
        """
        with self._lock:
            lane = self._lanes[webhook]
            self._leave(lane, 1, apart=apart)
            was_doubtful = lane.is_doubtful
            if succeeded:
                lane.failures = 0
                lane.is_proven = True
                lane.limit = min(lane.most, lane.limit + 1)
            else:
                lane.failures += 1
                if lane.is_failing:
                    lane.limit = min(lane.most, 1)
                    self._well.pop(webhook, None)
            if lane.is_doubtful != was_doubtful:
                self._doubtful_in_flight += lane.in_slots if lane.is_doubtful else -lane.in_slots
            self._forget_idle(webhook, lane)

    def settle(self) -> None:
        """Learn that the result of a finished attempt is written down, or given up."""
        with self._lock:
            self._unsettled -= 1

    def _why(self, in_lane: int) -> Room:
        if in_lane <= 0:
            return Room.LANE_FULL
        return Room.NO_SLOT if self.free <= 0 else Room.FAILING_FULL

    def _leave(self, lane: _Lane, count: int, *, apart: bool) -> None:
        move = self._move_apart if apart else self._move
        move(lane, -count)

    def _move_apart(self, lane: _Lane, count: int) -> None:
        lane.in_flight += count
        lane.apart += count
        self._apart += count

    def _move(self, lane: _Lane, count: int) -> None:
        lane.in_flight += count
        self._free -= count
        if lane.is_doubtful:
            self._doubtful_in_flight += count

    def _forget_idle(self, webhook: str, lane: _Lane) -> None:
        if lane.in_flight or lane.failures:
            return
        if not lane.is_proven:
            del self._lanes[webhook]
        elif lane.limit == lane.most:
            # Of a lane that is well, its name is all there is to remember.
            del self._lanes[webhook]
            self._remember(webhook)

    def _remember(self, webhook: str) -> None:
        if self._is_trusting:
            return
        self._well[webhook] = None
        if len(self._well) > _MOST_REMEMBERED:
            self._well.popitem(last=False)

    def _new(self, webhook: str) -> _Lane:
        most = self._share_of(webhook)
        if self._is_trusting or webhook in self._well:
            return _Lane(most, limit=most, is_proven=True)
        return _Lane(most, limit=min(most, self._first), is_proven=False)
