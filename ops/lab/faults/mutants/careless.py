"""A worker that takes a message without an answer for one that failed: it is sent again, and counted as a failure."""

from __future__ import annotations

from channels.base import Consequence, Transient, Uncertain
from dispatcher.__main__ import app


def main() -> None:
    """Run `dispatcher` with this defect."""
    Uncertain.consequence, Uncertain.label = (
        Consequence.RETRY,
        Transient.label,
    )  # in this process alone, on purpose
    app()


if __name__ == "__main__":
    main()
