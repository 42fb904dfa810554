"""A short run of the attacks, as a program: nobody gets in, and a service that was weakened on purpose is noticed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, TypeAlias

import pytest

ROOT = Path(__file__).resolve().parents[2]
Result: TypeAlias = dict[str, Any]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a network of its own needs root: run the tests as root")


def attack(*arguments: str) -> tuple[int, list[Result]]:
    """Run ``python -m attack short``; return its exit status and results."""
    command = [sys.executable, "-m", "attack", "short", "--json", *arguments]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1800)
    assert finished.stdout, finished.stderr[-4000:]
    results: list[Result] = json.loads(finished.stdout)
    assert not any(result["broke"] for result in results), finished.stderr[-8000:]
    return finished.returncode, results


def test_every_row_holds() -> None:
    status, results = attack()

    wrong = {result["name"]: result["examples"] for result in results if result["wrong"]}
    assert wrong == {}
    assert all(result["tried"] for result in results)
    assert status == 0


@pytest.mark.parametrize(
    ("bug", "row"),
    [
        ("vetted_once", "point-first-attempt"),
        ("unpinned", "rebinding"),
        ("follows_redirects", "point-redirect"),
        ("nonces_in_memory", "nonce-volleys-postgresql"),
        ("nonce_before_signature", "nonce-burning"),
        ("no_owner", "foreign-ids"),
        ("no_owner_of_deliveries", "portal-foreign-ids"),
        ("links_for_good", "portal-links"),
        ("any_origin", "page-forgery"),
        ("framed", "page-headers"),
        ("unsealed", "marked-secrets"),
        ("forgets_signing_secrets", "reseal-killed"),
        ("shows_all", "tells-nothing"),
        ("in_the_platforms_name", "audit-trail"),
        ("any_scope", "scopes"),
        ("any_permission", "permissions"),
        ("remembered_tokens", "revocation"),
    ],
)
def test_a_weakness_is_caught(bug: str, row: str) -> None:
    status, (result,) = attack("--bug", bug, "--only", row)

    assert result["wrong"] > 0
    assert status == 1
