"""One POST to a vetted address, within its limits; every ending is a value.

Owns the order: name, judgement, client, request, answer. Refuses redirects, proxies and a second try of any kind.
"""

from datetime import timedelta
from functools import lru_cache

from pyreqwest.http import Url

from tidings.clock import Clock
from tidings.core.callback_url import CallbackUrl, EgressRules
from tidings.core.instants import Span
from tidings.core.outcome import Answered, Blocked, Code, Outcome, Unanswered
from tidings.sender.answer import read_answer
from tidings.sender.clients import Clients, Warm
from tidings.sender.endings import code_of_error
from tidings.sender.request import OutboundRequest, Vetting
from tidings.sender.resolver import DEADLINE, Resolver
from tidings.sender.vetting import judge_by

_REMEMBERED = 4_096


class Sender:
    """Speaks HTTPS to receivers. ``clients`` is how many destinations are kept warm."""

    def __init__(
        self, *, rules: EgressRules, resolver: Resolver, roots_pem: bytes | None, clients: int, clock: Clock
    ) -> None:
        """Raises ``Misconfigured`` when ``roots_pem`` is not a list of certificates."""
        self._are_allowed = judge_by(rules)
        self._resolver = resolver
        self._clients = Clients(most=clients, roots_pem=roots_pem)
        self._clock = clock

    async def post(self, request: OutboundRequest) -> Outcome:
        """Make the request once and return how it ended. Raises nothing but ``CancelledError``."""
        try:
            return await self._post(request)
        except Exception as error:  # noqa: BLE001 - the edge of the sender: every ending is a value
            return Unanswered(code_of_error(error))

    async def vet(self, partner: str, url: CallbackUrl) -> Vetting:
        """Look the host up and judge its addresses, as every attempt does; nothing is sent."""
        addresses = self._known(url, self._clock.monotonic())
        if addresses is None:
            addresses = await self._resolver.addresses(partner, url.host, within=DEADLINE)
        if not addresses:
            return Vetting.UNKNOWN
        return Vetting.ALLOWED if self._are_allowed(addresses, url.port) else Vetting.FORBIDDEN

    async def close(self) -> None:
        """Close clients and channels; requests under way end with ``internal_error``."""
        await self._clients.close()
        await self._resolver.close()

    async def _post(self, request: OutboundRequest) -> Outcome:
        url, began = request.url, self._clock.monotonic()
        addresses = self._known(url, began)
        if addresses is None:
            addresses = await self._resolver.addresses(request.partner, url.host, within=request.timeout)
        if not addresses:
            return Unanswered(Code.DNS_FAILED)
        if not self._are_allowed(addresses, url.port):
            return Blocked()
        warm = self._clients.borrow((url.host, url.port, addresses[request.number % len(addresses)]))
        outcome: Outcome | None = None
        try:
            outcome = await self._send(warm, request, began=began)
        finally:
            self._clients.give_back(warm, answered=isinstance(outcome, Answered))
        return outcome

    async def _send(self, warm: Warm, request: OutboundRequest, *, began: Span) -> Outcome:
        now = self._clock.monotonic()
        left = request.timeout - (now - began)
        if left <= 0:
            return Unanswered(Code.TIMEOUT)
        sending = (
            warm.client.post(_target(request.url))
            .headers(request.headers)
            .body_bytes(request.body)
            .timeout(timedelta(microseconds=left))
            .streamed_read_buffer_limit(0)
            .build_streamed()
        )
        # Judged last of all: making a client takes milliseconds, and a process may be paused anywhere.
        if self._clock.monotonic() > request.start_by:
            return Unanswered(Code.LEASE_LOST)
        async with sending as response:
            return await read_answer(response, clock=self._clock)

    def _known(self, url: CallbackUrl, now: Span) -> tuple[str, ...] | None:
        return (str(url.literal),) if url.literal is not None else self._resolver.known(url.host, now)


@lru_cache(maxsize=_REMEMBERED)
def _target(url: CallbackUrl) -> Url:
    """Return the client's own form of ``url``.

    Raises ``ValueError`` when the client would read another host or port out of it than those that were vetted: it
    would look that host up by itself.
    """
    target = Url(url.canonical)
    if (target.scheme, target.host_str, target.port_or_known_default) != ("https", _bracketed(url), url.port):
        raise ValueError("the client reads another destination out of this URL")
    return target


def _bracketed(url: CallbackUrl) -> str:
    host = url.host.strip("[]")
    return f"[{host}]" if ":" in host else host
