"""What a reader loads. What it does with its bounds, tests/readers/test_pool.py sees."""

from pathlib import Path

import pytest

from dispatcher.boundaries.municipalities import PILOT, Boundaries
from dispatcher.readers import process
from dispatcher.readers.process import BoundaryFiles, call


def test_the_boundaries_are_the_packages_or_the_operators() -> None:
    assert BoundaryFiles().load().sha256 == Boundaries.default().sha256
    assert BoundaryFiles(PILOT).load().sha256 == Boundaries.default().sha256
    with pytest.raises(OSError, match="no-such"):
        BoundaryFiles(Path("no-such.bundle")).load()


def test_a_function_is_called_with_the_readers_boundaries(
    boundaries: Boundaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_boundaries", boundaries)
    found = call(lambda given, number, more: (given is boundaries, number, more), (1,), {"more": 2})
    assert found == (True, 1, 2)
