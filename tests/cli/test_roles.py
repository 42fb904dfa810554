"""Scopes and permissions on the command line."""

import pytest

from support.command_line import CommandLine
from tidings.core.roles import ALL_PERMISSIONS, ALL_SCOPES


def test_a_token_without_other_wishes_has_every_scope(tidings: CommandLine) -> None:
    made = tidings("token", "create", "billing", "--json").document

    assert set(made) == {"name", "scopes", "token"}
    assert made["scopes"] == list(ALL_SCOPES)


def test_a_token_has_the_scopes_it_was_made_with_once_each(tidings: CommandLine) -> None:
    wanted = ("--scope", "read", "--scope", "publish", "--scope", "read")

    made = tidings("token", "create", "billing", *wanted, "--json").document
    (listed,) = tidings("token", "list", "--json").document["tokens"]

    assert made["scopes"] == listed["scopes"] == ["publish", "read"]
    assert "publish, read" in tidings("token", "list").stdout


def test_a_key_has_the_permissions_it_was_made_with(tidings: CommandLine) -> None:
    tidings("partner", "create", "acme")

    reader = tidings("key", "create", "acme", "--permission", "webhooks:read", "--json").document["key"]
    plain = tidings("key", "create", "acme", "--json").document["key"]
    listed = tidings("key", "list", "--json").document["keys"]

    assert (reader["permissions"], plain["permissions"]) == (["webhooks:read"], list(ALL_PERMISSIONS))
    assert [key["permissions"] for key in listed if key["key"] == reader["key"]] == [["webhooks:read"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("token", "create", "billing", "--scope", "root"), "'root' is not one of 'publish', 'read'"),
        (("token", "create", "billing", "--scope", ""), "'' is not one of 'publish', 'read'"),
        (("key", "create", "acme", "--permission", "read"), "'read' is not one of 'webhooks:read'"),
    ],
)
def test_what_is_no_role_is_wrong_usage(tidings: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    answered = tidings(*arguments)

    assert answered.status == 2
    assert said in answered.stderr
    assert tidings("token", "list", "--json").document == {"tokens": []}
