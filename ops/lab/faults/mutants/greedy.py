"""A worker that learns nothing from a gateway's refusals, and goes on as fast as it can."""

from __future__ import annotations

from dispatcher.__main__ import app
from dispatcher.delivery.pace.pace import Pace


def _ignore(self: Pace, left_at: float, now: float, asked_s: float = 0.0, unit: float = 1.0) -> None:
    """Replace a method."""


def main() -> None:
    """Run `dispatcher` with this defect."""
    Pace.refused = _ignore  # type: ignore[method-assign]  # in this process alone, and on purpose
    app()


if __name__ == "__main__":
    main()
