"""``tidings operator``: who may use the console."""

import io

import pytest

from support.command_line import CommandLine

PASSWORD = "correct horse battery"


def test_a_new_operator_gets_a_password_that_is_shown_once(tidings: CommandLine) -> None:
    made = tidings("operator", "create", "ada", "--json").document

    listed = tidings("operator", "list", "--json")

    assert set(made) == {"operator", "password"}
    assert made["operator"]["role"] == "operator"
    assert len(made["password"]) >= 20
    assert [operator["name"] for operator in listed.document["operators"]] == ["ada"]
    assert made["password"] not in listed.stdout


def test_a_password_is_read_from_stdin_and_not_shown(tidings: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{PASSWORD}\n".encode())))

    said = tidings("operator", "create", "ada", "--role", "viewer", "--password-stdin", "--json")

    assert said.document["operator"]["role"] == "viewer"
    assert "password" not in said.document
    assert PASSWORD not in said.stdout


@pytest.mark.parametrize("password", ["", "too short", "x" * 257])
def test_a_password_that_protects_nothing_is_refused(
    tidings: CommandLine, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(password.encode())))

    said = tidings("operator", "create", "ada", "--password-stdin")

    assert said.status == 1
    assert "password" in said.stderr


@pytest.mark.parametrize("name", ["", " ada", "a\nb", "x" * 101, "<b>"])
def test_an_odd_name_is_refused(tidings: CommandLine, name: str) -> None:
    assert tidings("operator", "create", "--generate", "--", name).status == 1


def test_a_name_is_taken_once(tidings: CommandLine) -> None:
    tidings("operator", "create", "ada", "--json")

    said = tidings("operator", "create", "ada", "--json")

    assert said.status == 1
    assert "already exists" in said.stderr


def test_an_operator_is_disabled_and_enabled(tidings: CommandLine) -> None:
    tidings("operator", "create", "ada", "--json")

    disabled = tidings("operator", "disable", "ada", "--json").document["operator"]["disabled_at"]
    enabled = tidings("operator", "enable", "ada", "--json").document["operator"]["disabled_at"]

    assert disabled is not None
    assert enabled is None


def test_an_operator_gets_another_password(tidings: CommandLine) -> None:
    first = tidings("operator", "create", "ada", "--json").document["password"]

    second = tidings("operator", "set-password", "ada", "--json").document["password"]

    assert first != second
    assert tidings("operator", "set-password", "nobody", "--json").status == 1
