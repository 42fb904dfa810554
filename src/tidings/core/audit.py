"""The audit trail: who did what to what, when, and from where (security.md section 8).

Owns the kinds of actors, the names of actions and the shape of an entry. Refuses secrets by construction: an entry has
names and settings, and no field for anything else.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from tidings.core.instants import Instant
from tidings.errors import InvalidArgument

Detail: TypeAlias = str | int | bool | Sequence[str]


class ActorKind(StrEnum):
    """How an actor proved to be who it is."""

    API_KEY = "api_key"
    TOKEN = "token"  # noqa: S105 - a kind of actor, not a token
    COMMAND_LINE = "command_line"
    OPERATOR = "operator"
    PORTAL = "portal"


class Actor(Struct, frozen=True):
    """Who acts. ``name`` is the public half of a key, or the name of a token, an account or an operator.

    ``address`` is where the request came from: the client's, or the machine's name for the command line.
    """

    kind: ActorKind
    name: str
    address: str | None

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


class AuditAction(StrEnum):
    """What was done. The first word is the noun that an entry's ``subject`` names."""

    PARTNER_CREATE = "partner.create"
    PARTNER_ALLOW_HOST = "partner.allow_host"
    PARTNER_DISALLOW_HOST = "partner.disallow_host"
    PARTNER_RENAME = "partner.rename"
    PARTNER_DISABLE = "partner.disable"
    PARTNER_ENABLE = "partner.enable"
    PARTNER_PORTAL_LINK = "partner.portal_link"
    PARTNER_PORTAL_OPEN = "partner.portal_open"
    KEY_CREATE = "key.create"
    KEY_REVOKE = "key.revoke"
    TOKEN_CREATE = "token.create"  # noqa: S105 - an action, not a token
    TOKEN_REVOKE = "token.revoke"  # noqa: S105 - as above
    OPERATOR_CREATE = "operator.create"
    OPERATOR_SET_PASSWORD = "operator.set_password"  # noqa: S105 - as above
    OPERATOR_DISABLE = "operator.disable"
    OPERATOR_ENABLE = "operator.enable"
    OPERATOR_LOG_IN = "operator.log_in"
    WEBHOOK_REGISTER = "webhook.register"
    WEBHOOK_UPDATE = "webhook.update"
    WEBHOOK_DELETE = "webhook.delete"
    WEBHOOK_TEST = "webhook.test"
    WEBHOOK_ROTATE_SECRET = "webhook.rotate_secret"  # noqa: S105 - as above
    DELIVERY_REDELIVER = "delivery.redeliver"
    REDELIVERY_START = "redelivery.start"
    REDELIVERY_CANCEL = "redelivery.cancel"
    KEYRING_ROTATE = "keyring.rotate"


class Entry(Struct, frozen=True, kw_only=True):
    """One deed. ``actor`` is spelt ``kind:name``; ``partner`` is None for what belongs to no partner.

    ``action`` is an ``AuditAction``, or one of a newer release that works on the same database.
    """

    id: str
    created_at: Instant
    actor: str
    address: str | None
    action: str
    partner: str | None
    subject: str
    details: Mapping[str, Detail]


def check_actor(text: str) -> None:
    """Raise InvalidArgument unless ``text`` is spelt as actors are, so that a wrong filter is not an empty answer."""
    kind, colon, name = text.partition(":")
    if not colon or not name or kind not in set(ActorKind):
        kinds = ", ".join(ActorKind)
        raise InvalidArgument("actor", f"is spelt kind:name, and the kind is one of {kinds}")
