"""What the receiver's tests share."""

import json
from pathlib import Path
from typing import Any

import pytest

# Of the repository; the receiver itself needs nothing outside its own folder.
VECTORS = Path(__file__).parents[3] / "tests" / "vectors" / "x_signature.json"


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    known: dict[str, Any] = json.loads(VECTORS.read_text())
    return known
