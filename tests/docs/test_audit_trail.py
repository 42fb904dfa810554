"""The page on security names every actor and every action of the audit trail, and every right."""

from pathlib import Path

import pytest

from tidings.core.audit import ActorKind, AuditAction
from tidings.core.roles import KeyPermission, TokenScope

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text("utf-8")


@pytest.mark.parametrize("action", AuditAction)
def test_every_action_is_documented(action: AuditAction) -> None:
    assert f"`{action}`" in PAGE


@pytest.mark.parametrize("kind", ActorKind)
def test_every_kind_of_actor_is_documented(kind: ActorKind) -> None:
    assert f"`{kind}:" in PAGE


@pytest.mark.parametrize("right", [*TokenScope, *KeyPermission])
def test_every_right_is_documented(right: str) -> None:
    assert f"| `{right}` |" in PAGE
