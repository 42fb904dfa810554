"""``tidings keyring``: how the master keys stand, and everything sealed anew under the newest."""

import base64
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.command_line import CommandLine

PARTNERS = ("acme", "globex", "initech")


@pytest.fixture
def first(tidings: CommandLine, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make partners under a first master key, and return the key."""
    key = new_key()
    monkeypatch.setenv("TIDINGS_MASTER_KEY", key)
    for name in PARTNERS:
        tidings("partner", "create", name)
    return key


def new_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


def standing(tidings: CommandLine) -> list[tuple[bool, bool, int, int]]:
    keys = tidings("keyring", "status", "--json").document["keys"]
    return [(key["given"], key["newest"], key["secrets"], key["opened"]) for key in keys]


def test_status_says_how_many_secrets_are_under_which_key(tidings: CommandLine, first: str) -> None:
    document = tidings("keyring", "status", "--json").document
    read = tidings("keyring", "status")

    (key,) = document["keys"]
    assert key == {"id": key["id"], "given": True, "newest": True, "secrets": 3, "opened": 3}
    assert (document["unopened_count"], document["unopened"]) == (0, [])
    assert key["id"] in read.stdout
    assert read.stderr == ""
    assert first not in read.stdout


def test_a_fresh_installation_has_a_key_and_nothing_sealed(tidings: CommandLine) -> None:
    assert standing(tidings) == [(True, True, 0, 0)]


def test_rotating_seals_everything_under_the_newest_key_and_then_finds_nothing_to_do(
    tidings: CommandLine, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = new_key()
    monkeypatch.setenv("TIDINGS_MASTER_KEY", f"{second},{first}")
    before = standing(tidings)

    rotated = tidings("keyring", "rotate", "--json").document
    again = tidings("keyring", "rotate", "--json").document

    assert before == [(True, True, 0, 0), (True, False, 3, 3)]
    assert rotated == {"sealed": 3, "settled": True, "unopened_count": 0, "unopened": []}
    assert again == {"sealed": 0, "settled": True, "unopened_count": 0, "unopened": []}
    assert standing(tidings) == [(True, True, 3, 3), (True, False, 0, 0)]
    (entry,) = tidings("audit", "list", "--action", "keyring.rotate", "--json").document["entries"]
    assert (entry["partner"], entry["details"]) == (None, {})
    assert entry["subject"] == tidings("keyring", "status", "--json").document["keys"][0]["id"]
    monkeypatch.setenv("TIDINGS_MASTER_KEY", second)
    assert standing(tidings) == [(True, True, 3, 3)]


def test_a_secret_under_a_key_that_is_not_given_is_one_clear_line(
    tidings: CommandLine, first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIDINGS_MASTER_KEY", second := new_key())

    status = tidings("keyring", "status")
    rotate = tidings("keyring", "rotate")

    for said in (status, rotate):
        assert said.status == 1
        assert said.stderr.startswith("tidings: a secret does not open with the master keys at hand: api_secret of ")
        assert " and 2 more; " in said.stderr
        assert said.stderr.count("\n") == 1
        assert first not in said.stdout + said.stderr
        assert second not in said.stdout + said.stderr


def test_one_secret_that_does_not_open_keeps_no_other_from_being_sealed_anew(
    tidings: CommandLine, first: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "cli.db")) as connection, connection:
        broken = "(SELECT key FROM api_keys WHERE partner_id = 'globex')"
        connection.execute(f"UPDATE api_keys SET sealed_secret = 'v1.00000000.AAAA' WHERE key = {broken}")
    monkeypatch.setenv("TIDINGS_MASTER_KEY", f"{new_key()},{first}")

    said = tidings("keyring", "rotate")
    keys = tidings("keyring", "status")

    assert (said.status, keys.status) == (1, 1)
    assert "2 secrets were sealed anew" in said.stdout
    assert "(key 00000000)" in said.stderr
    assert "00000000" in keys.stdout


def test_text_that_is_not_of_the_sealed_form_is_told_as_under_no_key(
    tidings: CommandLine, first: str, tmp_path: Path
) -> None:
    del first
    with closing(sqlite3.connect(tmp_path / "cli.db")) as connection, connection:
        connection.execute("UPDATE api_keys SET sealed_secret = 'plain text' WHERE partner_id = 'acme'")

    said = tidings("keyring", "status")

    assert said.status == 1
    assert "(no key)" in said.stderr


def test_the_key_file_beside_the_database_takes_a_second_key(tidings: CommandLine, tmp_path: Path) -> None:
    tidings("partner", "create", "acme")
    file = tmp_path / "cli.db.key"
    file.write_text(f"{new_key()}\n{file.read_text('ascii')}", "ascii")

    rotated = tidings("keyring", "rotate", "--json").document["sealed"]
    file.write_text(file.read_text("ascii").splitlines()[0], "ascii")

    assert rotated == 1
    assert standing(tidings) == [(True, True, 1, 1)]


def test_a_key_file_that_is_gone_is_not_replaced_by_a_new_one(tidings: CommandLine, tmp_path: Path) -> None:
    tidings("partner", "create", "acme")
    file = tmp_path / "cli.db.key"
    file.unlink()

    said = tidings("partner", "list")

    assert said.status == 1
    assert f"the key file {file} is gone; put it back" in said.stderr
    assert not file.exists()
