"""The audit trail on the command line."""

import os
import pwd
import socket

import pytest

from support.command_line import CommandLine


def test_what_the_command_line_does_is_told_with_who_runs_it_and_where(tidings: CommandLine) -> None:
    tidings("partner", "create", "acme", "--allow-host", "hooks.acme.com")
    tidings("token", "create", "billing", "--scope", "read")
    tidings("token", "revoke", "billing")

    document = tidings("audit", "list", "--json").document

    assert document["next_cursor"] is None
    assert [(entry["action"], entry["partner"], entry["subject"]) for entry in document["entries"]][:2] == [
        ("token.revoke", None, "billing"),
        ("token.create", None, "billing"),
    ]
    assert [entry["action"] for entry in document["entries"]][2:] == ["key.create", "partner.create"]
    assert {entry["actor"] for entry in document["entries"]} == {f"command_line:{pwd.getpwuid(os.getuid()).pw_name}"}
    assert {entry["address"] for entry in document["entries"]} == {socket.gethostname()}
    assert document["entries"][1]["details"] == {"scopes": ["read"]}


def test_what_only_looks_is_not_told(tidings: CommandLine) -> None:
    for command in (("partner", "list"), ("token", "list"), ("key", "list"), ("audit", "list"), ("delivery", "list")):
        assert tidings(*command).status == 0
    assert tidings("partner", "show", "nobody").status == 1

    assert tidings("audit", "list", "--json").document == {"entries": [], "next_cursor": None}
    assert tidings("audit", "list").stdout == "There are no such entries.\n"


def test_filters_narrow_the_trail_and_a_cursor_goes_on(tidings: CommandLine) -> None:
    tidings("partner", "create", "acme")
    tidings("partner", "create", "other")
    tidings("partner", "disable", "acme")

    acme = tidings("audit", "list", "--partner", "acme", "--json").document["entries"]
    disabled = tidings("audit", "list", "--action", "partner.disable", "--json").document["entries"]
    nobody = tidings("audit", "list", "--actor", "token:billing", "--json").document["entries"]
    early = tidings("audit", "list", "--until", "2025-01-15", "--json").document["entries"]
    first = tidings("audit", "list", "--limit", "3", "--json").document
    rest = tidings("audit", "list", "--cursor", first["next_cursor"], "--json").document

    assert [entry["action"] for entry in acme] == ["partner.disable", "key.create", "partner.create"]
    assert disabled == acme[:1]
    assert nobody == early == []
    assert (len(first["entries"]), len(rest["entries"]), rest["next_cursor"]) == (3, 2, None)
    assert f"--cursor {first['next_cursor']}" in tidings("audit", "list", "--limit", "3").stdout


def test_people_see_what_was_asked_for(tidings: CommandLine) -> None:
    tidings("token", "create", "billing", "--scope", "read", "--scope", "publish")

    said = tidings("audit", "list").stdout

    assert "token.create" in said
    assert "scopes=publish read" in said


@pytest.mark.parametrize(
    ("option", "value", "status", "said"),
    [
        ("--actor", "billing", 1, "is spelt kind:name, and the kind is one of api_key, token, command_line"),
        ("--action", "partner.burn", 2, "is not one of 'partner.create'"),
        ("--cursor", "dlv_00000000000000000000000000", 1, "is not a cursor of this list"),
        ("--limit", "0", 2, "--limit"),
        ("--since", "yesterday", 2, "is no moment"),
        ("--since", "0001-01-01", 2, "is not of the years 1970 to 9999"),
        ("--until", "9999-12-31T23:59:59-14:00", 2, "is not of the years 1970 to 9999"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_a_reason(
    tidings: CommandLine, option: str, value: str, status: int, said: str
) -> None:
    answered = tidings("audit", "list", option, value)

    assert (answered.status, answered.stdout) == (status, "")
    assert said in answered.stderr
