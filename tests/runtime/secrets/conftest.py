"""Machines whose secrets are their own."""

import pytest


@pytest.fixture(autouse=True)
def no_ring(env: pytest.MonkeyPatch) -> None:
    """The ring of keys that all tests have is not given here."""
    env.delenv("WARN_ADDRESS_KEYS")
