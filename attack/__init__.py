"""Tries hard to get in, as ``python -m attack`` or ``script/attack``: one row for each row of docs/security.md.

Owns the attacks, the network they happen in and the canary that counts what should never be reached. It attacks real
processes with the programs that the tests use for the same, which live beside the tests.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

sys.path.insert(0, str(ROOT / "tests"))
