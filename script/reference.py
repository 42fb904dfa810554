"""Writes the pages in docs/ that come from the code (``PAGES``); with --check, says whether they are current."""

import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import typer
from pydantic.fields import FieldInfo
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

import tidings
from tidings import settings
from tidings.cli.main import app
from tidings.core.operational_events import OperationalEvent
from tidings.core.rate import Rate
from tidings.errors import TidingsError
from tidings.settings.model import PREFIX
from tidings.telemetry.metrics import Metrics

DOCS = Path(__file__).parent.parent / "docs"
MADE = "<!-- Made by script/docs from the code: change it there. -->"


def settings_page() -> str:
    """Every setting with its default and its help."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | {default(field)} | {field.description} |"
        for name, field in settings.Settings.model_fields.items()
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            MADE,
            "",
            "Settings come from the environment, or from a TOML file that `TIDINGS_CONFIG` names: there they have the",
            "same names in lower case without the prefix, and lists may be written as lists. The environment wins.",
            "An unknown `TIDINGS_…` name, an unknown key or a missing file is an error. Times are seconds, fractions",
            "allowed. `tidings check` says whether all is well.",
            "",
            "| setting | default | what it does |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def default(field: FieldInfo) -> str:
    match field.default:
        case None | ():
            return ""
        case frozenset():
            return f"`{','.join(str(port) for port in sorted(field.default))}`"
        case Rate(burst=burst, per_second=per_second):
            return f"`{burst}/{per_second:g}`"
        case float():
            return f"`{field.default:.15g}`"
        case _:
            return f"`{field.default}`"


def cli_page() -> str:
    """Every command with its arguments and options."""
    parts = [
        "# Command line",
        "",
        MADE,
        "",
        "Every command takes `--help`. `--json` prints one JSON document on stdout and nothing else. Errors are one",
        "line on stderr with exit status 1, or 2 for wrong usage. Administration talks to the database directly,",
        "with the settings of the environment ([settings.md](settings.md)); on SQLite it brings the schema up to date",
        "first.",
        "",
    ]
    for path, command in commands(typer.main.get_command(app), ("tidings",)):
        parts += [f"## `{' '.join(path)}`", "", command.help or "", "", *parameters(command)]
    return "\n".join(parts)


def commands(command: TyperCommand, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    if isinstance(command, TyperGroup):
        for name, each in command.commands.items():
            yield from commands(each, (*path, name))
    else:
        yield path, command


def parameters(command: TyperCommand) -> Iterator[str]:
    rows = [
        f"| {spelt(each)} | {each.help or ''}{said_default(each)} |" for each in command.params if each.name != "help"
    ]
    if rows:
        yield from ["| | |", "|---|---|", *rows, ""]


def spelt(parameter: TyperArgument | TyperOption) -> str:
    metavar = parameter.metavar or parameter.name.upper()
    if parameter.param_type_name == "argument":
        return f"`{metavar}`"
    flag = parameter.opts[0] if parameter.is_flag else f"{parameter.opts[0]} {metavar}"
    return f"`{flag}`" + (" (required)" if parameter.required else "") + (", repeatable" if parameter.multiple else "")


def said_default(parameter: TyperArgument | TyperOption) -> str:
    silent = parameter.default in (None, False, "") or parameter.param_type_name == "argument"
    return "" if silent else f" Default: `{parameter.default}`."


def errors_page() -> str:
    """Every error that is raised on purpose, with its code."""
    for module in pkgutil.walk_packages(tidings.__path__, "tidings."):
        # A class is known once its module is; those that are programs or migrations raise errors of others.
        if not module.name.endswith("__main__") and ".migrations." not in module.name:
            importlib.import_module(module.name)
    rows = [
        f"| `{each.code}` | {first_line(each)} |" for each in sorted(family(TidingsError), key=lambda each: each.code)
    ]
    return "\n".join(
        [
            "# Errors",
            "",
            MADE,
            "",
            "Every error has a stable code. The platform API answers with RFC 9457 problem documents that carry it;",
            "the partner API answers in the contract's envelope ([contract.md](contract.md#5-errors)); the command",
            "line prints one line.",
            "",
            "| code | meaning |",
            "|---|---|",
            *dict.fromkeys(rows),
            "",
        ]
    )


def family(root: type[TidingsError]) -> Iterator[type[TidingsError]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def first_line(error: type[TidingsError]) -> str:
    return (error.__doc__ or "").strip().splitlines()[0]


def metrics_page() -> str:
    """Every metric with its kind and labels."""
    rows = [
        f"| `{each.name}` | {each.kind} | {', '.join(f'`{label}`' for label in each.labels)} | {each.says} |"
        for each in Metrics().described()
    ]
    return "\n".join(
        [
            "# Metrics",
            "",
            MADE,
            "",
            "`GET /metrics` answers in Prometheus' text format, on the main port or on `TIDINGS_METRICS_ADDRESS`.",
            "Counters and histograms are of one process since its start. Gauges that speak of deliveries, backlog or",
            "processes are read from the database at the scrape and are the same whichever process is asked; while the",
            "database does not answer, they keep their last value and `tidings_database_up` is 0. Every label has a",
            "fixed set of values, but for those of `tidings_webhook_attempts_total`, whose number",
            "`TIDINGS_METRICS_PER_WEBHOOK` bounds. A histogram has the series `…_bucket`, `…_sum` and `…_count`.",
            "",
            "[operations/monitoring.md](operations/monitoring.md) has alert rules and a dashboard.",
            "",
            "| metric | kind | labels | what it says |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def operational_events() -> str:
    """The JSON schema of what is told to whoever runs the platform."""
    schema = msgspec.json.schema(OperationalEvent)
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}, indent=2) + "\n"


PAGES = {
    "settings.md": settings_page,
    "cli.md": cli_page,
    "errors.md": errors_page,
    "metrics.md": metrics_page,
    "operations/operational-events.schema.json": operational_events,
}


def main() -> int:
    stale = []
    for name, page in PAGES.items():
        file, text = DOCS / name, page()
        if file.exists() and file.read_text("utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv[1:]:
            file.write_text(text, "utf-8")
            print(f"script/docs: wrote docs/{name}")
    if stale and "--check" in sys.argv[1:]:
        print(f"script/docs: {', '.join(stale)} not current; run script/docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
