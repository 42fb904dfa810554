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
