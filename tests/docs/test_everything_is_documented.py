"""Every metric, setting, command and error code has its line in the docs, whatever made the page."""

import re
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

import tidings.web.asgi  # noqa: F401 - its errors are known once it is
from tidings.cli.main import app
from tidings.errors import TidingsError
from tidings.settings import Settings
from tidings.settings.model import PREFIX
from tidings.telemetry.metrics import Metrics

DOCS = Path(__file__).parents[2] / "docs"
BY_HAND = [
    file
    for file in (*DOCS.parent.glob("*.md"), *DOCS.glob("*.md"), *DOCS.glob("operations/*.md"))
    if "script/docs from the code" not in file.read_text("utf-8")
]


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def commands(command: object, path: str) -> list[str]:
    if isinstance(command, TyperGroup):
        return [found for name, each in command.commands.items() for found in commands(each, f"{path} {name}")]
    return [path]


def codes(root: type[TidingsError]) -> set[str]:
    return {root.code}.union(*(codes(child) for child in root.__subclasses__()))


@pytest.mark.parametrize("name", [one.name for one in Metrics().described()])
def test_a_metric_is_documented(name: str) -> None:
    assert f"| `{name}` |" in page("metrics.md")


def test_no_metric_is_scraped_that_is_not_described() -> None:
    scraped = set(re.findall(r"^# TYPE (\S+) ", Metrics(per_webhook=1).exposition().decode(), re.MULTILINE))
    described = {one.name for one in Metrics().described()}
    # When a child of a counter or histogram was made is exposed beside it.
    assert {name for name in scraped if not name.endswith("_created")} <= described


@pytest.mark.parametrize("name", [f"{PREFIX}{field.upper()}" for field in Settings.model_fields])
def test_a_setting_is_documented(name: str) -> None:
    assert f"| `{name}` |" in page("settings.md")


@pytest.mark.parametrize("command", commands(typer.main.get_command(app), "tidings"))
def test_a_command_is_documented(command: str) -> None:
    assert f"## `{command}`" in page("cli.md")


@pytest.mark.parametrize("code", sorted(codes(TidingsError)))
def test_an_error_code_is_documented(code: str) -> None:
    assert f"| `{code}` |" in page("errors.md")


def named_commands(text: str) -> list[list[str]]:
    """Return the words of every command of ours that stands in code, without its arguments."""
    fenced = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    lines = re.findall(r"^(?:\$ )?(?:[A-Z_]+=\S+ )?tidings ([a-z].*)$", "\n".join(fenced.findall(text)), re.MULTILINE)
    spans = re.findall(r"`tidings ([a-z][^`]*)`", fenced.sub("", text))
    return [command.split() for command in (*lines, *spans)]


def is_one(words: list[str]) -> bool:
    found: object = typer.main.get_command(app)
    for word in words:
        if not isinstance(found, TyperGroup):
            return True
        if word not in found.commands:
            return False
        found = found.commands[word]
    return True


@pytest.mark.parametrize("file", BY_HAND, ids=lambda file: str(file.name))
def test_a_page_names_commands_that_exist(file: Path) -> None:
    assert [words for words in named_commands(file.read_text("utf-8")) if not is_one(words)] == []


def test_a_command_that_does_not_exist_would_be_found() -> None:
    named = named_commands("`tidings check`, `tidings partner`\n```bash\nA=b tidings redelivery create --all\n```\n")

    assert [is_one(words) for words in named] == [False, True, True]
