"""The description of the API."""

from typing import Any

import pytest

from dispatcher.api.application import application
from dispatcher.api.openapi.document import document
from tests.api.test_authentication import parts


@pytest.fixture
def described() -> dict[str, Any]:
    """The description, of an application that is asked nothing."""
    return document(application(parts()))
