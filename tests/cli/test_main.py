"""Errors and exit statuses: one line, never a traceback."""

import re
from pathlib import Path

import pytest

import tidings as package
from support.command_line import CommandLine


def test_nothing_asked_is_answered_with_help(tidings: CommandLine) -> None:
    said = tidings()

    assert said.status == 0
    assert "Usage: tidings" in said.stdout


def test_the_version_is_told(tidings: CommandLine) -> None:
    assert tidings("--version").stdout == f"tidings {package.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["partner"],
        ["partner", "create"],
        ["serve", "--port", "many"],
        ["serve", "--port", "65536"],
        ["event", "trigger", "user.verifed", "--partner", "acme"],
        ["delivery", "list", "--since", "yesterday"],
        ["delivery", "list", "--state", "lost"],
        ["key", "create", "acme", "--nonce-window", "-1"],
        ["partner", "show", "caf\udce9"],
        ["delivery", "redeliver", "dlv_\udcff"],
        ["event", "list", "--partner", "acme", "--idempotency-key", "\udc80"],
    ],
)
def test_wrong_usage_is_one_line_and_status_two(tidings: CommandLine, arguments: list[str]) -> None:
    said = tidings(*arguments)

    assert said.status == 2
    assert said.stdout == ""
    assert re.fullmatch(r"tidings: [^\n]+\n", said.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ["partner", "show", "nobody"],
        ["partner", "create", "Not An Id"],
        ["key", "revoke", "nothing"],
        ["token", "revoke", "nothing"],
        ["delivery", "show", "dlv_nothing"],
        ["delivery", "redeliver", "dlv_nothing"],
        ["event", "publish", "/nowhere/events.json", "--partner", "acme"],
        ["event", "trigger", "user.verified", "--partner", "nobody"],
    ],
)
def test_a_failure_is_one_line_and_status_one(tidings: CommandLine, arguments: list[str]) -> None:
    said = tidings(*arguments)

    assert said.status == 1
    assert said.stdout == ""
    assert re.fullmatch(r"tidings: [^\n]+\n", said.stderr)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["partner", "create", "Not An Id"], "ID"),
        (["partner", "create", "acme", "--name", ""], "--name"),
        (["partner", "create", "acme", "--allow-host", "10.0.0.1"], "--allow-host"),
        (["partner", "allow-host", "acme", "10.0.0.1"], "HOST"),
        (["token", "create", "two words"], "NAME"),
        (["delivery", "list", "--cursor", "x"], "--cursor"),
        (["event", "list", "--idempotency-key", "x"], "--idempotency-key"),
        (["webhook", "rotate-secret", "WH", "--overlap", "400d"], "--overlap"),
        (["delivery", "redeliver", "--event-type", "x"], "--event-type"),
    ],
)
def test_what_is_wrong_has_the_name_that_was_typed(tidings: CommandLine, arguments: list[str], named: str) -> None:
    said = tidings(*arguments)

    assert said.status == 1
    assert said.stderr.startswith(f"tidings: {named}: ")


def test_what_has_no_option_keeps_its_name(tidings: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text('{"event_type":"user.verified"}', "utf-8")

    said = tidings("event", "publish", str(file), "--partner", "acme")

    assert said.stderr.startswith(f"tidings: {file}: the event: payload.")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["delivery", "list", "--state", "lost"], "Invalid value for '--state': 'lost' is not one of 'pending', "),
        (["token", "create", "x", "--scope", "all"], "Invalid value for '--scope': 'all' is not one of 'publish', "),
    ],
)
def test_an_unknown_choice_is_told_in_plain_words(tidings: CommandLine, arguments: list[str], says: str) -> None:
    assert says in tidings(*arguments).stderr


def test_a_bad_setting_is_one_line_and_status_one(tidings: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_RETRY_BASSE", "1")

    said = tidings("partner", "list")

    assert (said.status, said.stdout) == (1, "")
    assert said.stderr == "tidings: TIDINGS_RETRY_BASSE: there is no such setting; did you mean TIDINGS_RETRY_BASE?\n"


def test_a_bug_is_told_by_its_kind_and_place_and_not_by_its_text(
    tidings: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise RuntimeError("a secret in a foreign text")

    monkeypatch.setattr("tidings.settings.load", broken)

    said = tidings("partner", "list")

    assert said.status == 1
    assert "RuntimeError" in said.stderr
    assert "secret" not in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("noun", ["partner", "key", "token", "event", "delivery", "audit"])
def test_every_noun_takes_help(tidings: CommandLine, noun: str) -> None:
    said = tidings(noun, "--help")

    assert said.status == 0
    assert f"Usage: tidings {noun}" in said.stdout


def test_an_interrupt_is_told_by_its_status(tidings: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tidings.settings.load", interrupted)

    assert tidings("partner", "list").status == 130
