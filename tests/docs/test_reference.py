"""The generated pages are those of this code, and no page points at nothing."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("packages/**/*.md")]


def test_the_generated_pages_are_current() -> None:
    finished = subprocess.run([ROOT / "script" / "docs", "--check"], capture_output=True, text=True, check=False)

    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_of_ours_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    ours = [link for link in links if "://" not in link]

    assert [link for link in ours if not (page.parent / link).exists()] == []


def test_every_test_that_the_security_tests_name_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (ROOT / "docs" / "security-tests.md").read_text("utf-8"))

    assert named
    assert [one for one in named if not re.search(rf"def {one[1]}\(", (ROOT / one[0]).read_text("utf-8"))] == []


def test_the_readme_begins_with_what_it_is_and_exactly_two_commands() -> None:
    first_screen = (ROOT / "README.md").read_text("utf-8").split("## ")[0]

    commands = re.findall(r"^\$ (\S+)", first_screen, re.MULTILINE)
    assert commands == ["script/demo", "script/test"]
