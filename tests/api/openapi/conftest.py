"""The description of the API."""

from copy import deepcopy
from typing import Any

import pytest

from dispatcher.api.application import application
from dispatcher.api.openapi.document import document
from tests.api.test_authentication import parts


@pytest.fixture(scope="session")
def unspoilt() -> dict[str, Any]:
    """The description, of an application that is asked nothing. Making both takes longer than most of what is asked of
    it.
    """
    return document(application(parts()))


@pytest.fixture
def described(unspoilt: dict[str, Any]) -> dict[str, Any]:
    """The description, to read or to spoil."""
    return deepcopy(unspoilt)
