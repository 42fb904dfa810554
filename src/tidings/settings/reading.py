"""Reading the settings from the environment and from a file.

Owns where settings come from, and the one line that says what is wrong with them: the variable, what is wrong, what
would be right. Refuses unknown names, since a misspelt setting that is silently ignored is found in production.
"""

import os
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource

from tidings.errors import Misconfigured
from tidings.settings.model import PREFIX, Settings

CONFIG = PREFIX + "CONFIG"
"""Names the TOML file. It is no setting itself."""


def load() -> Settings:
    """Read the settings; the environment wins over the file. Raises Misconfigured with one clear line."""
    _refuse_unknown_variables(os.environ)  # noqa: TID251 - the one place that looks
    named = os.environ.get(CONFIG)  # noqa: TID251 - as above
    file = _read(Path(named)) if named else {}
    from_environment = EnvSettingsSource(Settings)()
    try:
        return Settings(**{**file, **from_environment})
    except ValidationError as error:
        raise Misconfigured(_first_fault(error, from_environment, named or "")) from None


def foreign_variables() -> dict[str, str]:
    """Return every variable of the environment that is no setting of ours, for a process with settings of its own."""
    return {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}  # noqa: TID251 - as above


def _refuse_unknown_variables(names: Iterable[str]) -> None:
    known = [PREFIX + field.upper() for field in Settings.model_fields] + [CONFIG]
    for name in sorted(names):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise Misconfigured(f"{name}: there is no such setting{_hint(name.upper(), known)}")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Misconfigured(f"{CONFIG}: cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise Misconfigured(f"{CONFIG}: {path} is not TOML: {error}") from error
    known = list(Settings.model_fields)
    for key in found:
        if key not in known:
            raise Misconfigured(f"{path}: there is no setting {key!r}{_hint(key, known)}")
    return found


def _hint(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.8)
    return f"; did you mean {close[0]}?" if close else "; docs/settings.md lists them all"


def _first_fault(error: ValidationError, from_environment: Mapping[str, Any], file: str) -> str:
    fault = error.errors(include_url=False, include_input=False)[0]
    said = _in_our_words(fault)
    if not fault["loc"]:
        return said
    field = str(fault["loc"][0])
    place = PREFIX + field.upper() if field in from_environment else f"{file}: {field}"
    return f"{place}: {said}"


def _in_our_words(fault: ErrorDetails) -> str:
    """Return what is wrong; where we said it ourselves, as we said it: it may begin with what somebody wrote."""
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    return fault["msg"][:1].lower() + fault["msg"][1:]
