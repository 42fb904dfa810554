"""Scopes of tokens and permissions of keys: who may do what."""

from itertools import combinations

import pytest

from tidings.core.roles import (
    ALL_PERMISSIONS,
    ALL_SCOPES,
    KeyPermission,
    TokenScope,
    admits,
    permissions_of,
    permits,
    scopes_of,
    stored,
    stored_permissions,
    stored_scopes,
)
from tidings.errors import InvalidArgument


@pytest.mark.parametrize("needed", TokenScope)
@pytest.mark.parametrize("held", TokenScope)
def test_a_scope_admits_itself_and_admin_admits_everything(held: TokenScope, needed: TokenScope) -> None:
    assert admits((held,), needed) is (held is needed or held is TokenScope.ADMIN)


@pytest.mark.parametrize("needed", TokenScope)
def test_without_a_scope_nothing_is_admitted(needed: TokenScope) -> None:
    assert not admits((), needed)


@pytest.mark.parametrize("needed", KeyPermission)
@pytest.mark.parametrize("held", KeyPermission)
def test_a_permission_permits_itself_alone(held: KeyPermission, needed: KeyPermission) -> None:
    assert permits((held,), needed) is (held is needed)


def test_names_become_roles_once_each_and_in_their_own_order() -> None:
    assert scopes_of(["admin", "read", "admin"]) == (TokenScope.READ, TokenScope.ADMIN)
    assert scopes_of(ALL_SCOPES) == ALL_SCOPES
    assert permissions_of(["webhooks:write", "webhooks:read"]) == ALL_PERMISSIONS


@pytest.mark.parametrize("name", ["", "Read", " read", "read ", "read,admin", "webhooks:read", "*", "x\x00"])
def test_a_name_that_is_no_scope_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(InvalidArgument, match="is not one of publish, read, operate, admin") as refused:
        scopes_of(["read", name])
    assert refused.value.field == "scopes"


@pytest.mark.parametrize("name", ["", "webhooks", "read", "webhooks:*"])
def test_a_name_that_is_no_permission_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(InvalidArgument, match="is not one of webhooks:read, webhooks:write") as refused:
        permissions_of([name])
    assert refused.value.field == "permissions"


def test_nothing_named_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="name at least one of publish, read"):
        scopes_of([])
    with pytest.raises(InvalidArgument, match="name at least one of webhooks:read"):
        permissions_of([])


def test_what_is_kept_comes_back() -> None:
    for count in range(len(ALL_SCOPES) + 1):
        for scopes in combinations(ALL_SCOPES, count):
            assert stored_scopes(stored(scopes)) == scopes


def test_a_role_of_a_release_to_come_gives_no_right() -> None:
    assert stored_permissions("webhooks:read webhooks:burn") == (KeyPermission.WEBHOOKS_READ,)
    assert stored_scopes("administer") == ()
