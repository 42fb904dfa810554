"""The nouns: what each command does, and the one JSON document that it prints."""

import base64
import re
from pathlib import Path

import pytest

from support.command_line import CommandLine
from tidings.core.catalogue import EVENT_TYPES

VERIFIED = '{"event_type":"user.verified","iiban":"AA00 TEST EXAM PLE1","timestamp":"2025-01-15T10:30:00.000000000Z"}'


@pytest.fixture
def acme(tidings: CommandLine) -> str:
    tidings("partner", "create", "acme", "--allow-host", "hooks.acme.com")
    return "acme"


def test_a_new_partner_comes_with_a_key_whose_secret_is_shown_once(tidings: CommandLine) -> None:
    made = tidings("partner", "create", "acme", "--name", "Acme", "--allow-host", "Hooks.Acme.com", "--json").document

    shown = tidings("partner", "show", "acme", "--json")

    assert set(made) == {"partner", "api_key", "api_secret"}
    assert made["partner"]["id"] == "acme"
    assert made["partner"]["allowed_hosts"] == ["hooks.acme.com"]
    assert base64.b64decode(made["api_secret"], validate=True)
    assert [key["key"] for key in shown.document["keys"]] == [made["api_key"]]
    assert made["api_secret"] not in shown.stdout


def test_a_partner_of_that_name_is_refused(tidings: CommandLine, acme: str) -> None:
    said = tidings("partner", "create", acme)

    assert said.status == 1
    assert "already exists" in said.stderr


def test_a_partner_is_disabled_and_enabled(tidings: CommandLine, acme: str) -> None:
    disabled = tidings("partner", "disable", acme, "--json").document["partner"]["enabled"]
    enabled = tidings("partner", "enable", acme, "--json").document["partner"]["enabled"]

    assert (disabled, enabled) == (False, True)


def test_a_host_is_allowed_later(tidings: CommandLine, acme: str) -> None:
    partner = tidings("partner", "allow-host", acme, "eu.acme.com", "--json").document["partner"]

    assert partner["allowed_hosts"] == ["eu.acme.com", "hooks.acme.com"]


def test_a_host_is_taken_off_the_list(tidings: CommandLine, acme: str) -> None:
    partner = tidings("partner", "disallow-host", acme, "Hooks.Acme.com", "--json").document["partner"]
    again = tidings("partner", "disallow-host", acme, "hooks.acme.com")

    assert partner["allowed_hosts"] == []
    assert (again.status, "host not found" in again.stderr) == (1, True)


def test_a_partner_gets_another_name(tidings: CommandLine, acme: str) -> None:
    partner = tidings("partner", "update", acme, "--name", "Acme & Söhne", "--json").document["partner"]

    assert partner["name"] == "Acme & Söhne"
    assert tidings("partner", "update", acme, "--name", "a\nb").status == 1


def test_a_key_is_made_and_revoked(tidings: CommandLine, acme: str) -> None:
    made = tidings("key", "create", acme, "--nonce-window", "5", "--json").document

    tidings("key", "revoke", made["api_key"])

    keys = {key["key"]: key for key in tidings("key", "list", "--partner", acme, "--json").document["keys"]}
    assert len(keys) == 2
    assert keys[made["api_key"]]["nonce_window"] == 5
    assert re.fullmatch(r"[0-9T:.-]+Z", keys[made["api_key"]]["revoked_at"])


def test_a_token_is_shown_once(tidings: CommandLine) -> None:
    token = tidings("token", "create", "billing", "--json").document["token"]

    listed = tidings("token", "list", "--json")

    assert [each["name"] for each in listed.document["tokens"]] == ["billing"]
    assert token not in listed.stdout


@pytest.mark.parametrize(
    "text", [VERIFIED, f"[{VERIFIED}]", f"{VERIFIED}\n", f"\n{VERIFIED}\n\n"], ids=["object", "array", "line", "blanks"]
)
def test_a_file_of_events_is_published(tidings: CommandLine, acme: str, tmp_path: Path, text: str) -> None:
    file = tmp_path / "events.json"
    file.write_text(text, "utf-8")

    (event,) = tidings("event", "publish", str(file), "--partner", acme, "--json").document["events"]

    assert event["id"].startswith("evt_")
    assert event["unrouted"] == "no_webhook"


def test_many_lines_are_published_in_batches(tidings: CommandLine, acme: str, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(f"{VERIFIED}\n" * 2500, "utf-8")

    said = tidings("event", "publish", str(file), "--partner", acme)

    assert said.status == 0
    assert "2500 events are published" in said.stdout


def test_one_bad_event_keeps_the_whole_file_from_being_published(
    tidings: CommandLine, acme: str, tmp_path: Path
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(f'{VERIFIED}\n{{"event_type":"user.verified"}}\n', "utf-8")

    said = tidings("event", "publish", str(file), "--partner", acme)

    assert said.status == 1
    assert "line 2" in said.stderr


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_a_sample_of_every_type_is_published(tidings: CommandLine, acme: str, event_type: str) -> None:
    said = tidings("event", "trigger", event_type, "--partner", acme, "--json")

    assert len(said.document["events"]) == 1


def test_events_are_listed_and_shown(tidings: CommandLine, acme: str) -> None:
    for event_type in ("user.closed", "user.verified"):
        tidings("event", "trigger", event_type, "--partner", acme)

    listed = tidings("event", "list", "--event-type", "user.closed", "--unrouted", "any", "--json").document
    (event,) = listed["events"]
    shown = tidings("event", "show", event["id"], "--json").document

    assert (listed["next_cursor"], event["unrouted"]) == (None, "no_webhook")
    assert shown["event"]["payload"]["event_type"] == "user.closed"
    assert shown["deliveries"] == []
    assert "No webhook got it." in tidings("event", "show", event["id"]).stdout
    assert "More: --cursor evt_" in tidings("event", "list", "--limit", "1").stdout


def test_a_payload_is_shown_as_it_was_published(tidings: CommandLine, acme: str, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(VERIFIED[:-1] + ',"price":1.10,"exact":123456789012345678901234567890}', "utf-8")
    (event,) = tidings("event", "publish", str(file), "--partner", acme, "--json").document["events"]

    lines = tidings("event", "show", event["id"]).stdout.splitlines()
    document = tidings("event", "show", event["id"], "--json").stdout

    assert '  "event_type": "user.verified",' in lines
    assert '  "price": 1.10,' in lines
    assert '"price": 1.10, "exact": 123456789012345678901234567890}' in document
    assert document.count("\n") == 1


def test_an_idempotency_key_is_looked_for_in_its_partners(tidings: CommandLine) -> None:
    said = tidings("event", "list", "--idempotency-key", "k")

    assert said.status == 1
    assert "say which partner's" in said.stderr


def test_without_deliveries_the_list_says_so(tidings: CommandLine) -> None:
    assert tidings("delivery", "list", "--json").document == {"deliveries": [], "next_cursor": None}
    assert "no such deliveries" in tidings("delivery", "list").stdout


def test_a_second_migration_finds_nothing_to_do(tidings: CommandLine) -> None:
    first = tidings("migrate", "--json").document
    second = tidings("migrate", "--json").document

    assert (first["changed"], second["changed"]) == (True, False)


def test_check_finds_nothing_wrong_with_an_installation_in_use(tidings: CommandLine, acme: str) -> None:
    del acme

    document = tidings("check", "--json").document

    assert document["ok"]
    assert [each["question"] for each in document["checks"]] == [
        "settings",
        "database",
        "schema",
        "master key",
        "operational events",
        "clock",
    ]


def test_check_makes_no_database(tidings: CommandLine, tmp_path: Path) -> None:
    said = tidings("check")

    assert said.status == 1
    assert "does not exist yet" in said.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["check"], ["migrate"], ["partner", "list"]])
def test_a_folder_that_is_missing_is_told_alike_by_all(
    tidings: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    missing = tmp_path / "missing"
    monkeypatch.setenv("TIDINGS_DATABASE_URL", f"sqlite:///{missing / 'tidings.db'}")

    said = tidings(*command)

    assert said.status == 1
    assert said.stderr.endswith(f"TIDINGS_DATABASE_URL: the folder {missing} does not exist; make it first\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "says"), [(":memory:", "would lose everything"), ("x.db?mode=ro", "no parameters")])
def test_what_sounds_like_no_file_is_not_made_one(
    tidings: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIDINGS_DATABASE_URL", f"sqlite:///{name}")

    said = tidings("partner", "list")

    assert said.status == 1
    assert said.stderr.startswith("tidings: TIDINGS_DATABASE_URL: ")
    assert says in said.stderr
    assert list(tmp_path.iterdir()) == []


def test_check_names_a_master_key_that_opens_nothing(
    tidings: CommandLine, acme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del acme
    monkeypatch.setenv("TIDINGS_MASTER_KEY", base64.b64encode(bytes(32)).decode())

    said = tidings("check")

    assert said.status == 1
    assert "master key" in said.stderr


def test_check_names_a_key_file_that_others_may_read(tidings: CommandLine, acme: str, tmp_path: Path) -> None:
    del acme
    (tmp_path / "cli.db.key").chmod(0o644)

    said = tidings("check")

    assert said.status == 1
    assert "chmod 600" in said.stderr


def test_check_names_a_place_for_operational_events_that_may_not_be_called(
    tidings: CommandLine, acme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del acme
    monkeypatch.setenv("TIDINGS_OPERATIONS_URL", "https://169.254.169.254/latest")
    monkeypatch.setenv("TIDINGS_OPERATIONS_SECRET", base64.b64encode(bytes(32)).decode())

    said = tidings("check")

    assert said.status == 1
    assert "operational events: TIDINGS_OPERATIONS_URL: " in said.stderr
