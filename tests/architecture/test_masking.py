"""What holds a secret masks itself: whoever prints it, or an error that repeats it, prints no secret."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import get_args

import pytest
from msgspec import Struct
from msgspec.structs import FieldInfo, fields

import tidings
from tidings.core.secret import Secret

NAMES = {"secret", "secrets", "api_secret", "operations_secret", "password", "token", "master_key"}
NO_SECRETS = {
    "tidings.core.model.Lease.token": "fences a lease; it opens nothing",
    "tidings.engine.claiming._Terms.token": "as above",
    "tidings.actions.keyring.KeyStanding.secrets": "a number",
    "tidings.actions.tokens._Creating.token": "the record of a token, which holds a hash",
    "tidings.cli.demo.stage._Cast.token": "of an installation that is gone when the demo ends",
}
ANSWERS = "_api."
"""Views of the APIs are what is sent to whoever asked, and live no longer."""


def modules() -> Iterator[str]:
    for found in pkgutil.walk_packages(tidings.__path__, "tidings."):
        if not found.name.endswith("__main__") and ".migrations" not in found.name:
            yield found.name


def structs() -> dict[str, type[Struct]]:
    found: dict[str, type[Struct]] = {}
    for module in modules():
        for name, value in vars(importlib.import_module(module)).items():
            if isinstance(value, type) and issubclass(value, Struct) and value.__module__ == module:
                found[f"{module}.{name}"] = value
    return found


def masks_itself(kind: type[Struct], field: FieldInfo) -> bool:
    return "__repr__" in vars(kind) or field.type is Secret or Secret in get_args(field.type)


STRUCTS = structs()
HOLDING = [
    pytest.param(kind, field, id=f"{name}.{field.name}")
    for name, kind in STRUCTS.items()
    for field in fields(kind)
    if field.name in NAMES and ANSWERS not in name and f"{name}.{field.name}" not in NO_SECRETS
]


@pytest.mark.parametrize(("kind", "field"), HOLDING)
def test_what_holds_a_secret_masks_itself(kind: type[Struct], field: FieldInfo) -> None:
    assert masks_itself(kind, field)


def test_what_is_said_to_hold_no_secret_is_there() -> None:
    assert {name.rpartition(".")[0] for name in NO_SECRETS} <= STRUCTS.keys()
    assert len(HOLDING) > 5
