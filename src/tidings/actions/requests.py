"""From bytes and secrets to the signed request that a receiver sees (contract.md section 7).

Owns the headers, and the text that is kept of an answer. Engine and test call use the same code, so that a test shows
what a delivery will be.
"""

from functools import lru_cache

from msgspec import Struct

from tidings import __version__
from tidings.core.callback_url import CallbackUrl, EgressRules
from tidings.core.callback_url import parse as parse_callback_url
from tidings.core.instants import SECOND, Instant, Span
from tidings.core.outcome import Answered, Outcome
from tidings.core.secret import Secret
from tidings.core.signing import x_signature
from tidings.sender.request import OutboundRequest

_USER_AGENT = f"Tidings/{__version__}"
_REMEMBERED_URLS = 4096


class Signed(Struct, frozen=True, kw_only=True):
    """A body with its signature: what goes out, apart from where to."""

    event_type: str
    webhook: str
    body: bytes
    signature: str
    event_id: tuple[str, str] | None = None

    @classmethod
    def of(
        cls,
        secrets: tuple[Secret, ...],
        *,
        event_type: str,
        webhook: str,
        body: bytes,
        now: Instant,
        event_id: tuple[str, str] | None = None,
    ) -> "Signed":
        """Sign ``body``. ``event_id`` is a header's name and value, where the installation wants one."""
        signature = x_signature([secret.reveal() for secret in secrets], t=now // SECOND, body=body)
        return cls(event_type=event_type, webhook=webhook, body=body, signature=signature, event_id=event_id)

    def headers(self) -> tuple[tuple[str, str], ...]:
        own = (
            ("Content-Type", "application/json"),
            ("X-Signature", self.signature),
            ("X-Webhook-Event", self.event_type),
            ("X-Webhook-ID", self.webhook),
            ("User-Agent", _USER_AGENT),
        )
        return own if self.event_id is None else (*own, self.event_id)


def signed_request(
    signed: Signed,
    *,
    partner: str,
    url: CallbackUrl,
    timeout: Span,
    start_by: Span,
    number: int = 1,
) -> OutboundRequest:
    """Return the request for attempt ``number``. ``start_by`` is on the monotonic clock."""
    return OutboundRequest(
        partner=partner,
        url=url,
        headers=signed.headers(),
        body=signed.body,
        number=number,
        timeout=timeout,
        start_by=start_by,
    )


@lru_cache(maxsize=_REMEMBERED_URLS)
def destination(url: str, rules: EgressRules) -> CallbackUrl:
    """Return where ``url`` leads by today's rules. Raises InvalidArgument when they no longer admit it."""
    return parse_callback_url(url, rules)


def excerpt_of(outcome: Outcome) -> str | None:
    """Return the beginning of the receiver's answer as text, or None when no answer came."""
    if not isinstance(outcome, Answered):
        return None
    # PostgreSQL keeps no zero byte in a text.
    return outcome.excerpt.decode("utf-8", "replace").replace("\x00", "\ufffd")
