"""The limit for each client address, before anybody is known.

Owns a bounded number of buckets, the least recently used forgotten first. Refuses to look at anything but the address.
"""

from collections import OrderedDict

from tidings.clock import Clock
from tidings.core.rate import Bucket, Rate, take
from tidings.errors import RateLimited

MOST_BUCKETS = 50_000


class AddressLimit:
    """Charges a caller for each request."""

    def __init__(self, rate: Rate, *, clock: Clock, most: int = MOST_BUCKETS) -> None:
        self._rate = rate
        self._clock = clock
        self._most = most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def charge(self, caller: str) -> None:
        """Take one request from the caller's bucket. Raises RateLimited when it is empty."""
        draw = take(self._buckets.get(caller), self._clock.monotonic(), self._rate)
        self._buckets[caller] = draw.bucket
        self._buckets.move_to_end(caller)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        if draw.retry_after is not None:
            raise RateLimited(draw.retry_after)

    def give_back(self, caller: str) -> None:
        """Put back what one request was charged: it was none of those that the limit is against."""
        bucket = self._buckets.get(caller)
        if bucket is not None:
            self._buckets[caller] = Bucket(min(float(self._rate.burst), bucket.tokens + 1), bucket.at)
