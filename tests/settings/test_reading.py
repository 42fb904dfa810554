"""Where settings come from, and the one line that says what is wrong with them."""

import os
from pathlib import Path

import pytest

from tidings import settings
from tidings.core.rate import Rate
from tidings.errors import Misconfigured


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("TIDINGS_"):
            monkeypatch.delenv(name)


def config(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = folder / "tidings.toml"
    file.write_text(text, "utf-8")
    monkeypatch.setenv("TIDINGS_CONFIG", str(file))
    return file


def test_without_any_setting_the_defaults_hold() -> None:
    loaded = settings.load()

    assert loaded.database_url == "sqlite:///tidings.db"
    assert loaded.retry_window == 300
    assert loaded.egress_ports == {443, 8443}
    assert loaded.rate_limit == Rate(100, 10)


def test_a_variable_sets_its_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_RETRY_BASE", "0.25")

    assert settings.load().retry_base == 0.25


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_EGRESS_ALLOW", "")

    assert settings.load().egress_allow == ()


def test_the_file_sets_what_the_environment_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config(tmp_path, 'retry_base = 2\nretry_cap = 30\negress_ports = [443, 9443]\nlog = "text"\n', monkeypatch)
    monkeypatch.setenv("TIDINGS_RETRY_BASE", "3")

    loaded = settings.load()

    assert (loaded.retry_base, loaded.retry_cap, loaded.log) == (3, 30, "text")
    assert loaded.egress_ports == {443, 9443}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TIDINGS_RETRY_BASSE", "1", "did you mean TIDINGS_RETRY_BASE?"),
        ("TIDINGS_ZZZ", "1", "docs/settings.md"),
        ("TIDINGS_RETRY_BASE", "soon", "number"),
        ("TIDINGS_RETRY_BASE", "inf", "finite"),
        ("TIDINGS_RETRY_BASE", "0", "greater than or equal to 0.001"),
        ("TIDINGS_RETRY_BASE", "1e-7", "greater than or equal to 0.001"),
        ("TIDINGS_LEASE", "10", "TIDINGS_ATTEMPT_TIMEOUT"),
        ("TIDINGS_LEASE", "30.001", "must be longer by 0.5 s at least than TIDINGS_ATTEMPT_TIMEOUT (30)"),
        ("TIDINGS_RETENTION_EVENTS", "86400", "TIDINGS_RETENTION_DELIVERIES (7776000)"),
        ("TIDINGS_RETENTION_EVENTS", "0.5", "TIDINGS_RETENTION_EVENTS (0.5) must"),
        ("TIDINGS_RETENTION_ATTEMPTS", "9999999", "TIDINGS_RETENTION_DELIVERIES"),
        ("TIDINGS_RETENTION_DELIVERIES", "0", "greater than or equal to 0.001"),
        ("TIDINGS_RETRY_CAP", "0.5", "TIDINGS_RETRY_BASE"),
        ("TIDINGS_OPERATIONS_URL", "https://alerts.acme.com/", "TIDINGS_OPERATIONS_SECRET"),
        ("TIDINGS_OPERATIONS_SECRET", "c2hvcnQ=", "24 to 64 bytes"),
        ("TIDINGS_OPERATIONS_BACKLOG", "0", "greater than or equal to 1"),
        ("TIDINGS_OTLP_ENDPOINT", "collector:4318", "http://HOST:PORT"),
        ("TIDINGS_OTLP_SAMPLE", "2", "less than or equal to 1"),
        ("TIDINGS_METRICS_PER_WEBHOOK", "-1", "greater than or equal to 0"),
        ("TIDINGS_LOG", "yaml", "TIDINGS_LOG: input should be 'json' or 'text'"),
        ("TIDINGS_EVENT_ID_HEADER", "Content-Length", "TIDINGS_EVENT_ID_HEADER: Content-Length has a meaning already"),
        ("TIDINGS_EGRESS_ALLOW", "127.0.0.1/8:443", "write 127.0.0.0/8 for all of it, or 127.0.0.1/32 for"),
        ("TIDINGS_EGRESS_ALLOW", "[fd00::1]/8:443", "write fd00::/8 for all of it, or fd00::1/128 for"),
        ("TIDINGS_EGRESS_ALLOW", "127.0.0.1/8", "no pair of a network and a port"),
        ("TIDINGS_TRUSTED_PROXIES", "10.1.2.3/8", "write 10.0.0.0/8 for all of it, or 10.1.2.3/32 for"),
        ("TIDINGS_CONFIG", "/nowhere/tidings.toml", "/nowhere/tidings.toml"),
    ],
)
def test_a_bad_variable_is_named_with_what_would_be_right(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(Misconfigured) as refused:
        settings.load()

    assert name in str(refused.value)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("retry_basse = 1", "did you mean retry_base?"),
        ("retry_base = ", "is not TOML"),
        ('retry_base = "soon"', "retry_base: input should be a valid number"),
        ("log = 7", "log: input should be 'json' or 'text'"),
    ],
)
def test_a_bad_line_of_the_file_is_named(tmp_path: Path, text: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = config(tmp_path, text, monkeypatch)

    with pytest.raises(Misconfigured) as refused:
        settings.load()

    assert str(file) in str(refused.value)
    assert said in str(refused.value)


def test_a_password_in_a_wrong_database_url_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_DATABASE_URL", "mysql://tidings:hunter2@db/tidings")

    with pytest.raises(Misconfigured) as refused:
        settings.load()

    assert "hunter2" not in str(refused.value)


def test_a_wrong_master_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_MASTER_KEY", "bm90LTMyLWJ5dGVz")

    with pytest.raises(Misconfigured) as refused:
        settings.load()

    assert "bm90LTMyLWJ5dGVz" not in str(refused.value)
    assert "base64 of 32 bytes" in str(refused.value)


def test_settings_made_directly_ignore_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_DATABASE_URL", "postgresql://db/production")

    assert settings.Settings().database_url == "sqlite:///tidings.db"


def test_neither_the_password_nor_the_master_key_is_in_the_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_DATABASE_URL", "postgresql://tidings:hunter2@db/tidings")
    monkeypatch.setenv("TIDINGS_MASTER_KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")

    shown = repr(settings.load())

    assert "hunter2" not in shown
    assert "0123456789abcdef" not in shown
    assert "MDEyMzQ1" not in shown


def test_foreign_variables_are_those_that_are_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_LOG", "text")
    monkeypatch.setenv("LANG", "C.UTF-8")

    foreign = settings.foreign_variables()

    assert foreign["LANG"] == "C.UTF-8"
    assert "TIDINGS_LOG" not in foreign
