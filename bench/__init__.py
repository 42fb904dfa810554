"""Measurements of the real program, from outside, against the figures that design.md section 6 promises."""

import sys
from pathlib import Path

# The bench starts the program and speaks to it with what the acceptance tests use.
sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
