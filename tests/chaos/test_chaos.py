"""A short run of the harness, as a program: nothing is lost, and what is broken on purpose is noticed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, TypeAlias

import pytest

ROOT = Path(__file__).resolve().parents[2]
Findings: TypeAlias = dict[str, Any]


def chaos(*arguments: str) -> tuple[int, list[Findings]]:
    """Run ``python -m chaos short``; return its exit status and results."""
    command = [sys.executable, "-m", "chaos", "short", "--json", *arguments]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert finished.stdout, finished.stderr[-4000:]
    results: list[Findings] = json.loads(finished.stdout)
    assert not any(result["broke"] for result in results), results
    return finished.returncode, results


def wrong(result: Findings) -> dict[str, int]:
    return {name: count for name, count in result["findings"]["wrong"].items() if count}


@pytest.mark.parametrize(
    ("database", "scenarios"),
    [
        ("sqlite", ("checkpoints",)),
        ("sqlite", ("rolling", "same-keys")),
        ("postgresql", ("kill-request-sent", "commit-cut")),
        ("postgresql", ("kill-leased",)),
        ("postgresql", ("server-immediate", "read-only")),
        ("postgresql", ("stop-cont",)),
        ("sqlite", ("kill-payload",)),
        ("sqlite", ("kill-pruner",)),
        ("postgresql", ("kill-pruner",)),
    ],
    ids=lambda given: given if isinstance(given, str) else "+".join(given),
)
def test_faults_lose_nothing_and_double_only_what_they_cut_off(database: str, scenarios: tuple[str, ...]) -> None:
    only = [part for name in scenarios for part in ("--only", name)]
    status, results = chaos("--database", database, *only)

    assert [wrong(result) for result in results] == [{}] * len(scenarios)
    assert all(result["findings"]["acknowledged"] > 0 < result["faults"] for result in results)
    assert status == 0


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_migration_that_is_killed_is_done_by_the_next_one(database: str) -> None:
    status, (result,) = chaos("--database", database, "--only", "migrations")

    assert result["faults"] > 0
    assert status == 0


@pytest.mark.parametrize(
    ("bug", "database", "scenario", "caught_as"),
    [
        ("answer_before_commit", "sqlite", "kill-parsed", "lost"),
        ("send_before_lease", "sqlite", "kill-request-sent", "unrecorded"),
        ("no_fencing", "postgresql", "take-over", "contradictions"),
        ("hidden_resend", "sqlite", "kill-random", "unrecorded"),
    ],
)
def test_a_known_bug_is_caught(bug: str, database: str, scenario: str, caught_as: str) -> None:
    status, (result,) = chaos("--database", database, "--only", scenario, "--bug", bug)

    assert wrong(result)[caught_as] > 0
    assert status == 1
