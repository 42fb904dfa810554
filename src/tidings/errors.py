"""Every error Tidings raises on purpose, each with its stable code.

Owns the codes that callers may rely on; what status or envelope a code becomes is decided by the edge that renders it
(``web``, ``cli``). Nothing here knows HTTP.
"""

from typing import ClassVar


class TidingsError(Exception):
    """What nobody foresaw; the log says more. The root of everything raised on purpose.

    ``str(error)`` is one clear sentence for a human, free of secrets.
    """

    code: ClassVar[str] = "internal_error"

    @property
    def outside(self) -> str:
        """What may be told of it over the network: most errors have nothing to keep back."""
        return str(self)


class InvalidArgument(TidingsError):
    """One argument of a request is wrong; ``field`` names it, the message says what would be right."""

    code = "invalid_argument"

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


class InvalidEvent(TidingsError):
    """One event of a batch is wrong: ``index`` counts from 0, ``field`` is a dotted path inside the event."""

    code = "invalid_event"

    def __init__(self, index: int, field: str, why: str) -> None:
        super().__init__(f"events[{index}].{field}: {why}")
        self.index = index
        self.field = field
        self.why = why


class NotFound(TidingsError):
    """No such thing, or not yours: the two are told in the same words."""

    code = "not_found"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} not found: {name}")
        self.kind = kind
        self.name = name


class Conflict(TidingsError):
    """The request is well formed but the present state does not allow it."""

    code = "conflict"


class AlreadyExists(Conflict):
    """A thing of that name is there already."""

    code = "already_exists"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} already exists: {name}")
        self.kind = kind
        self.name = name


class WebhookLimitReached(Conflict):
    """The partner has as many webhooks as the installation allows."""

    code = "webhook_already_exists"


class WebhookDisabled(Conflict):
    """The webhook must be enabled for what was asked."""

    code = "webhook_disabled"


class WebhookGone(Conflict):
    """The webhook of this delivery was deleted, so nothing can be sent to it again."""

    code = "webhook_deleted"


class DeliveryUnderWay(Conflict):
    """The delivery has not ended yet: nothing can be sent again that is still being sent."""

    code = "delivery_under_way"


class PartnerDisabled(Conflict):
    """The partner is disabled; nothing is delivered for it until it is enabled again."""

    code = "partner_disabled"


class IdempotencyConflict(Conflict):
    """The idempotency key was used before with another payload."""

    code = "idempotency_conflict"

    def __init__(self, index: int) -> None:
        super().__init__(f"events[{index}].idempotency_key: used before with another payload")
        self.index = index


class TestInProgress(TidingsError):
    """One test of a webhook at a time."""

    __test__ = False  # the name begins with Test, but it is no test case
    code = "test_in_progress"

    def __init__(self, retry_after: int) -> None:
        super().__init__("a test of this webhook is running")
        self.retry_after = retry_after


class HostNotAllowlisted(TidingsError):
    """The callback host is not on the partner's list."""

    code = "host_not_allowlisted"


class Denied(TidingsError):
    """Authenticated, but not permitted."""

    code = "permission_denied"


class Unauthenticated(TidingsError):
    """The caller did not prove who they are."""

    code = "unauthenticated"


class InvalidKey(Unauthenticated):
    """API key missing, unknown or revoked."""

    code = "invalid_key"


class InvalidSignature(Unauthenticated):
    """API signature missing or wrong."""

    code = "invalid_signature"


class InvalidNonce(Unauthenticated):
    """Nonce missing, malformed, used before or too low."""

    code = "invalid_nonce"


class RateLimited(TidingsError):
    """Too many requests; ``retry_after`` is in whole seconds, at least 1."""

    code = "rate_limited"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"rate limit exceeded; try again in {retry_after} s")
        self.retry_after = retry_after


class Unavailable(TidingsError):
    """The database cannot be reached or written to just now. What was asked may or may not have happened.

    ``where`` continues the sentence for whoever runs the service, and for nobody else.
    """

    code = "unavailable"

    def __init__(self, why: str, retry_after: int = 1, *, where: str = "") -> None:
        super().__init__(why + where)
        self.why = why
        self.retry_after = retry_after

    @property
    def outside(self) -> str:
        return self.why


class TableHeld(Unavailable):
    """Another session holds a table that a migration changes; ``step`` is what had to wait for it."""

    code = "table_held"

    def __init__(self, revision: str, step: str) -> None:
        super().__init__(
            f"schema {revision}: another session holds a table that this step needs: {step}; nothing of this schema "
            "was changed. End what has been open for long (pg_stat_activity shows it) and run `tidings migrate` again"
        )
        self.revision = revision
        self.step = step


class Misconfigured(TidingsError):
    """A setting, file or database is not as it must be; the message says which and what would be right."""

    code = "misconfigured"
