import pytest

from dispatcher.targeting.boundaries import Boundaries


@pytest.fixture(scope="session")
def boundaries():
    return Boundaries.default()
