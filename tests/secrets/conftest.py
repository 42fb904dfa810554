import pytest

from support.certificates import Authority


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()
