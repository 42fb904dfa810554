"""Every command that changes something leaves an entry in the audit trail."""

import asyncio
import base64
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperGroup

from support.audited_commands import CHANGES
from support.command_line import CommandLine
from tidings import app, settings
from tidings.actions import webhooks
from tidings.actions.webhooks import Registration
from tidings.cli.main import app as commands

OLD_KEY, NEW_KEY = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
LOOKING = {"list", "show", "status", "tail"}
"""Verbs that only look."""
SHOWN_ONCE = {"api_secret", "token", "password", "secret"}
NOT_AUDITED = {"serve", "demo", "migrate", "check", "stats", "event publish", "event trigger"}
"""They serve, prepare or count; and what is published is on record itself."""


def test_every_command_looks_or_is_among_those_that_are_told() -> None:
    known = {" ".join(command) for command in _commands(typer.main.get_command(commands), ())}
    told = {name for name in known if any(typed.startswith(f"{name} ") or typed == name for typed, _ in CHANGES)}

    rest = {name for name in known - told if name.rpartition(" ")[2] not in LOOKING}
    assert rest == NOT_AUDITED


def test_every_command_that_changes_something_is_told(tidings: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDINGS_DNS_SERVERS", "127.0.0.1:9")
    monkeypatch.setenv("TIDINGS_MASTER_KEY", OLD_KEY)
    names = {"key": ""}
    secrets: set[str] = {OLD_KEY, NEW_KEY}
    for typed, actions in CHANGES:
        if typed == "webhook disable {webhook}":
            names["webhook"] = _registered()
        if typed == "delivery redeliver {delivery}":
            names["delivery"] = _cancelled(tidings, names["webhook"])
        if typed == "keyring rotate":
            monkeypatch.setenv("TIDINGS_MASTER_KEY", f"{NEW_KEY},{OLD_KEY}")
        before = _told(tidings)

        said = tidings(*(word.format(**names) for word in typed.split()), "--json").document

        assert _told(tidings) == [*before, *actions], typed
        names["key"] = said.get("api_key", names["key"])
        names["redelivery"] = said.get("redelivery", {}).get("id", "")
        secrets |= {said[name] for name in SHOWN_ONCE & said.keys() if isinstance(said[name], str)}
        secrets |= {said["path"].partition("=")[2]} if "path" in said else set()
    trail = tidings("audit", "list", "--json").stdout
    assert len(secrets) == 2 + 7
    assert [secret for secret in secrets if secret in trail] == []


def _cancelled(tidings: CommandLine, webhook: str) -> str:
    (event,) = tidings("event", "trigger", "user.verified", "--partner", "acme", "--json").document["events"]
    (delivery,) = event["deliveries"]
    tidings("webhook", "disable", webhook)
    tidings("webhook", "enable", webhook)
    return str(delivery)


def _registered() -> str:
    """Register a webhook as a partner does; its host is asked of a name server that is not there."""

    async def register() -> str:
        async with app.context(settings.load()) as ctx:
            wanted = Registration(url="https://hooks.acme.com/w", enabled=True, events=("user.verified",))
            return (await webhooks.register(ctx, "acme", wanted)).webhook.id

    return asyncio.run(register())


def _told(tidings: CommandLine) -> list[str]:
    """Return the actions of all entries, the oldest first."""
    entries = tidings("audit", "list", "--json").document["entries"]
    return [entry["action"] for entry in entries][::-1]


def _commands(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(command, TyperGroup):
        for name, each in command.commands.items():
            yield from _commands(each, (*path, name))
    else:
        yield path
