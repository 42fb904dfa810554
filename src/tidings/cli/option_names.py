"""What an argument of an action is called on the command line.

Owns that an error names the option that somebody typed. Refuses to guess: a field without an option keeps its name.
"""

from collections.abc import Sequence
from typing import TypeAlias

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

from tidings.errors import InvalidArgument

Parameter: TypeAlias = TyperArgument | TyperOption


def in_options(error: InvalidArgument, app: typer.Typer, arguments: Sequence[str]) -> str:
    """Return the error's text for whoever called the command that ``arguments`` name."""
    parameters = _parameters(app, arguments)
    parameter = next((each for each in parameters if _is_about(each, error.field)), None)
    return str(error) if parameter is None else f"{_typed(parameter)}: {error.why}"


def _parameters(app: typer.Typer, arguments: Sequence[str]) -> list[Parameter]:
    command = typer.main.get_command(app)
    for word in arguments:
        if isinstance(command, TyperGroup):
            command = command.commands.get(word, command)
    return [each for each in command.params if isinstance(each, Parameter)]


def _is_about(parameter: Parameter, field: str) -> bool:
    """Tell whether they are the same but for the plural of a list, and for whose ``id`` or ``host`` it is."""
    one = field.removesuffix("s")
    return parameter.name in (field, one) or str(parameter.name).endswith(f"_{one}")


def _typed(parameter: Parameter) -> str:
    if parameter.param_type_name == "argument":
        return parameter.metavar or str(parameter.name).upper()
    return str(parameter.opts[0])
