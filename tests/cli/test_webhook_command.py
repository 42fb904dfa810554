"""``tidings webhook``, on webhooks that partners registered."""

import asyncio
import base64

import pytest

from support.command_line import CommandLine
from tidings import app, settings
from tidings.actions import webhooks
from tidings.actions.webhooks import Registration


@pytest.fixture
def webhook(tidings: CommandLine) -> str:
    """Register a webhook as a partner does; its host is asked of a name server that is not there."""
    tidings("partner", "create", "acme", "--allow-host", "hooks.acme.com")

    async def register() -> str:
        async with app.context(settings.load()) as ctx:
            wanted = Registration(url="https://hooks.acme.com/w", enabled=True, events=("user.verified",))
            return (await webhooks.register(ctx, "acme", wanted)).webhook.id

    return asyncio.run(register())


@pytest.fixture(autouse=True)
def no_name_server(monkeypatch: pytest.MonkeyPatch, tidings: CommandLine) -> None:
    del tidings  # which takes all settings away first
    monkeypatch.setenv("TIDINGS_DNS_SERVERS", "127.0.0.1:9")


def test_a_webhook_is_listed_and_shown(tidings: CommandLine, webhook: str) -> None:
    (listed,) = tidings("webhook", "list", "--json").document["webhooks"]
    (of_acme,) = tidings("webhook", "list", "--partner", "acme", "--json").document["webhooks"]
    shown = tidings("webhook", "show", webhook, "--json").document["webhook"]
    read = tidings("webhook", "list")

    assert listed == of_acme == shown
    assert (shown["id"], shown["partner"], shown["old_secret_ends_at"]) == (webhook, "acme", None)
    assert webhook in read.stdout


def test_a_webhook_is_disabled_and_enabled(tidings: CommandLine, webhook: str) -> None:
    disabled = tidings("webhook", "disable", webhook, "--json").document["webhook"]["enabled"]
    enabled = tidings("webhook", "enable", webhook, "--json").document["webhook"]["enabled"]

    assert (disabled, enabled) == (False, True)


def test_disabling_cancels_what_is_pending(tidings: CommandLine, webhook: str) -> None:
    tidings("event", "trigger", "user.verified", "--partner", "acme")

    tidings("webhook", "disable", webhook)

    (delivery,) = tidings("delivery", "list", "--json").document["deliveries"]
    assert delivery["state"] == "cancelled"


@pytest.mark.parametrize("overlap", ["90s", "30m", "24h", "30d", "90"])
def test_a_new_secret_is_shown_once(tidings: CommandLine, webhook: str, overlap: str) -> None:
    made = tidings("webhook", "rotate-secret", webhook, "--overlap", overlap, "--json").document
    shown = tidings("webhook", "show", webhook)

    assert len(base64.b64decode(made["secret"], validate=True)) == 32
    assert made["webhook"]["old_secret_ends_at"] in shown.stdout
    assert made["secret"] not in shown.stdout


def test_people_are_told_that_the_secret_is_shown_this_once(tidings: CommandLine, webhook: str) -> None:
    said = tidings("webhook", "rotate-secret", webhook)

    assert said.status == 0
    assert "cannot be shown again" in said.stdout


@pytest.mark.parametrize(
    ("overlap", "status", "says"),
    [
        ("31d", 1, "0 to 30 days"),
        ("999999999d", 1, "0 to 30 days"),
        ("-1", 2, "no length of time"),
        ("1.5h", 2, "no length of time"),
        ("tomorrow", 2, "no length of time"),
        ("", 2, "no length of time"),
    ],
)
def test_an_overlap_that_cannot_be_is_refused(
    tidings: CommandLine, webhook: str, overlap: str, status: int, says: str
) -> None:
    said = tidings("webhook", "rotate-secret", webhook, f"--overlap={overlap}")

    assert said.status == status
    assert says in said.stderr
    assert tidings("webhook", "show", webhook, "--json").document["webhook"]["old_secret_ends_at"] is None


@pytest.mark.parametrize("command", ["show", "disable", "enable", "rotate-secret"])
def test_an_unknown_webhook_is_one_clear_line(tidings: CommandLine, command: str) -> None:
    said = tidings("webhook", command, "WHAAAAAA-AAAAA-AAAAAA")

    assert (said.status, said.stderr) == (1, "tidings: webhook not found: WHAAAAAA-AAAAA-AAAAAA\n")
