"""What the sender's tests share: one authority, since a key takes a while to make."""

import pytest

from support.certificates import Authority


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()
