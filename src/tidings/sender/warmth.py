"""Which destinations are worth a warm client.

Owns the two ranks, new and proven, and who makes room. Refuses to hold a client: it knows destinations alone.

Thousands of hosts that are called once, or never answer, must not fill the memory with clients, nor push out those of
hosts that are called again and again. So a destination is new until its host has answered twice, also when its client
was closed in between, and is new again once it does not answer. Of the new ones only a few are kept.
"""

from collections import OrderedDict
from typing import TypeAlias

Destination: TypeAlias = tuple[str, int, str]
"""Host, port and the vetted address."""

_NEW_PART = 8
"""One of so many places is for new destinations: 128 by default. One in a hundred of ten thousand webhooks that is dead
finds room in it, and need not pay for a client at each attempt."""


class Warmth:
    """At most ``most`` destinations are warm; of each rank, the one that was not used for longest makes room."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._most_new = max(1, most // _NEW_PART)
        self._new: OrderedDict[Destination, None] = OrderedDict()
        self._proven: OrderedDict[Destination, None] = OrderedDict()
        self._answered: OrderedDict[Destination, None] = OrderedDict()
        """Those that answered when they were last asked, warm or not; as many as may be warm."""

    def used(self, destination: Destination) -> list[Destination]:
        """Note that ``destination`` is called, and return those that are warm no longer."""
        if destination in self._proven:
            self._proven.move_to_end(destination)
        else:
            self._new[destination] = None
            self._new.move_to_end(destination)
        return self._making_room()

    def ended(self, destination: Destination, *, answered: bool) -> list[Destination]:
        """Note how a call ended, and return those that are warm no longer."""
        if not answered:
            self._answered.pop(destination, None)
            if destination in self._proven:
                del self._proven[destination]
                self._new[destination] = None
        elif destination in self._new and destination in self._answered:
            del self._new[destination]
            self._proven[destination] = None
        if answered:
            self._remember(destination)
        return self._making_room()

    def _remember(self, destination: Destination) -> None:
        self._answered[destination] = None
        self._answered.move_to_end(destination)
        if len(self._answered) > self._most:
            self._answered.popitem(last=False)

    def _making_room(self) -> list[Destination]:
        leaving: list[Destination] = []
        while len(self._new) > self._most_new:
            leaving.append(self._new.popitem(last=False)[0])
        while len(self._new) + len(self._proven) > self._most:
            leaving.append(self._proven.popitem(last=False)[0])
        return leaving
