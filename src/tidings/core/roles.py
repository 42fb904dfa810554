"""Who may do what: scopes of platform tokens, permissions of partners' API keys.

Owns the two closed sets, the one rule by which each admits, and the reading of their names. Which route needs what is
said where the routes are (``web/platform_api/scopes.py``, ``web/partner_api/permissions.py``).
"""

from collections.abc import Collection, Iterable
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from tidings.errors import InvalidArgument

Role = TypeVar("Role", bound=StrEnum)


class TokenScope(StrEnum):
    """What a platform token may do (security.md section 7). ``admin`` implies the others; nothing else implies any."""

    PUBLISH = "publish"
    READ = "read"
    OPERATE = "operate"
    ADMIN = "admin"


class KeyPermission(StrEnum):
    """What a partner's API key may do. Neither implies the other."""

    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


ALL_SCOPES = tuple(TokenScope)
ALL_PERMISSIONS = tuple(KeyPermission)


def admits(scopes: Collection[TokenScope], needed: TokenScope) -> bool:
    """Tell whether a token with these scopes may do what needs ``needed``."""
    return needed in scopes or TokenScope.ADMIN in scopes


def permits(permissions: Collection[KeyPermission], needed: KeyPermission) -> bool:
    """Tell whether a key with these permissions may do what needs ``needed``."""
    return needed in permissions


def scopes_of(names: Iterable[str]) -> tuple[TokenScope, ...]:
    """Return the scopes of these names, each once and in their own order. Raises InvalidArgument."""
    return _known(TokenScope, names, field="scopes")


def permissions_of(names: Iterable[str]) -> tuple[KeyPermission, ...]:
    """Return the permissions of these names, each once and in their own order. Raises InvalidArgument."""
    return _known(KeyPermission, names, field="permissions")


def stored(roles: Iterable[StrEnum]) -> str:
    """Spell roles as they are kept: their names with a space between."""
    return " ".join(roles)


# Read for every request, and there are few different texts: remembered, they take 0.05 µs instead of 5.
@lru_cache(maxsize=64)
def stored_scopes(text: str) -> tuple[TokenScope, ...]:
    """Read what ``stored`` spelt. A name that this release does not know gives no right."""
    return _restored(TokenScope, text)


@lru_cache(maxsize=64)
def stored_permissions(text: str) -> tuple[KeyPermission, ...]:
    """Read what ``stored`` spelt. A name that this release does not know gives no right."""
    return _restored(KeyPermission, text)


def _restored(kind: type[Role], text: str) -> tuple[Role, ...]:
    names = set(text.split())
    return tuple(role for role in kind if role in names)


def _known(kind: type[Role], names: Iterable[str], *, field: str) -> tuple[Role, ...]:
    asked = set(names)
    choice = ", ".join(kind)
    if not asked:
        raise InvalidArgument(field, f"name at least one of {choice}")
    unknown = sorted(asked.difference(kind))
    if unknown:
        raise InvalidArgument(field, f"{unknown[0]!r} is not one of {choice}")
    return tuple(role for role in kind if role in asked)
