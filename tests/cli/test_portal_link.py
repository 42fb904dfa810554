"""``tidings partner portal-link``: a link that is shown once, and opens the page once."""

import asyncio

import pytest

from support.command_line import CommandLine
from tidings import app, settings
from tidings.actions import portal
from tidings.errors import Unauthenticated


@pytest.fixture
def acme(tidings: CommandLine) -> str:
    tidings("partner", "create", "acme")
    return "acme"


def test_a_link_opens_the_page_of_its_partner_once(tidings: CommandLine, acme: str) -> None:
    made = tidings("partner", "portal-link", acme, "--base-url", "https://hooks.example.com/", "--json").document

    assert set(made) == {"url", "path", "expires_at"}
    assert made["url"] == f"https://hooks.example.com{made['path']}"
    assert _opened(made["path"]) == acme
    with pytest.raises(Unauthenticated):
        _opened(made["path"])


def test_without_an_address_only_the_path_is_known(tidings: CommandLine, acme: str) -> None:
    assert tidings("partner", "portal-link", acme, "--json").document["url"] is None


def test_people_are_told_that_the_link_is_shown_this_once(tidings: CommandLine, acme: str) -> None:
    said = tidings("partner", "portal-link", acme, "--base-url", "http://127.0.0.1:8080")

    assert said.status == 0
    assert "http://127.0.0.1:8080/portal/open?token=" in said.stdout
    assert "The link cannot be shown again." in said.stdout


@pytest.mark.parametrize(
    "base", ["", "hooks.example.com", "ftp://h", "https://", "https://u:p@h", "https://h/x", "https://h?a=b"]
)
def test_an_address_that_no_link_can_begin_with_is_wrong_usage(tidings: CommandLine, acme: str, base: str) -> None:
    said = tidings("partner", "portal-link", acme, f"--base-url={base}")

    assert said.status == 2
    assert "no address of a service" in said.stderr


def test_there_is_no_link_for_a_partner_that_is_disabled_or_not_there(tidings: CommandLine, acme: str) -> None:
    tidings("partner", "disable", acme)
    disabled, unknown = (tidings("partner", "portal-link", name) for name in (acme, "nobody"))

    assert (disabled.status, "disabled" in disabled.stderr) == (1, True)
    assert (unknown.status, unknown.stderr) == (1, "tidings: partner not found: nobody\n")


def _opened(path: str) -> str:
    async def visit() -> str:
        async with app.context(settings.load()) as ctx:
            return (await portal.open_link(ctx, path.partition("=")[2], address=None)).partner

    return asyncio.run(visit())
