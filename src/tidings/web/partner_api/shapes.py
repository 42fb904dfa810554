"""What partners send (docs/contract.md section 2).

Owns types and limits. Refuses to know what a good URL or an existing event is: actions do.
"""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from tidings.actions.webhooks import Change, Registration
from tidings.errors import InvalidArgument
from tidings.web.partner_api.access import Call
from tidings.web.shape import shaped

CallbackUrl: TypeAlias = Annotated[str, Meta(max_length=2048)]
EventName: TypeAlias = Annotated[str, Meta(max_length=100, pattern=r"^[a-zA-Z0-9._]+\Z")]
EventNames: TypeAlias = Annotated[tuple[EventName, ...], Meta(max_length=50)]


class RegisterBody(Struct, frozen=True):
    """The body of a register."""

    url: CallbackUrl
    enabled: bool = False
    events: EventNames = ()


class UpdateBody(Struct, frozen=True):
    """The body of an update: an omitted field stays as it is."""

    enabled: bool | UnsetType = UNSET
    events: EventNames | UnsetType = UNSET


def registration(call: Call) -> Registration:
    body = shaped(_given(call), RegisterBody)
    return Registration(url=body.url, enabled=body.enabled, events=body.events)


def change(call: Call) -> Change:
    body = shaped(_given(call), UpdateBody)
    return Change(
        enabled=None if body.enabled is msgspec.UNSET else body.enabled,
        events=None if body.events is msgspec.UNSET else body.events,
    )


def _given(call: Call) -> object:
    if call.fields is None:
        raise InvalidArgument("body", "must be a JSON object")
    return call.fields
