"""What operators send. Owns types and limits; refuses to know what a good id or host is: actions do."""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from tidings.core.roles import ALL_PERMISSIONS

MOST_HOSTS = 100
WIDEST_WINDOW = 2**63 - 1
_DAY_S = 86_400
LONGEST_OVERLAP_S = 30 * _DAY_S

Host: TypeAlias = Annotated[str, Meta(min_length=1, max_length=253)]
Name: TypeAlias = Annotated[str, Meta(max_length=255, pattern=r"^[^\u0000-\u001f\u007f]*\Z")]

# Names, not the enumeration: what is wrong with one is told by the rule itself (core.roles).
Permissions: TypeAlias = Annotated[
    tuple[str, ...], Meta(min_length=1, extra_json_schema={"items": {"enum": list(ALL_PERMISSIONS)}})
]


class NewPartnerBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A partner to be made."""

    id: Annotated[str, Meta(max_length=63)]
    name: Name | None = None
    allow_hosts: Annotated[tuple[Host, ...], Meta(max_length=MOST_HOSTS)] = ()


class PartnerChangeBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What may change of a partner."""

    name: Name


class AllowHostBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A host that a partner's callbacks may be on."""

    host: Host


class NewKeyBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A key to be made. ``nonce_window``: how far behind the highest nonce an unused one may be.

    ``permissions``: what the key may do; everything, when not given.
    """

    nonce_window: Annotated[int, Meta(ge=0, le=WIDEST_WINDOW)] = 0
    permissions: Permissions = ALL_PERMISSIONS


class RotateSecretBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A signing secret to be made. ``overlap_seconds``: how long the old one signs as well; 0 ends it at once."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=LONGEST_OVERLAP_S)] = _DAY_S
