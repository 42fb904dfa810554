"""Tries hard to make Tidings lose, double or strand an event, as ``python -m chaos`` or ``script/chaos``.

Owns the faults, the three ledgers (publisher's, receiver's, the database's) and the checker that compares them. It
drives real processes with the programs that the tests use for the same, which live beside the tests.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
