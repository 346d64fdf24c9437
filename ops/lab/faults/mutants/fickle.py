"""An API that believes the last report of a gateway, whatever came before."""

from __future__ import annotations

from dispatcher.__main__ import app
from dispatcher.model.reports import NO_EVIDENCE, Evidence


def main() -> None:
    """Run `dispatcher` with this defect."""

    def last(self: Evidence, other: Evidence) -> Evidence:
        return self if other == NO_EVIDENCE else other

    Evidence.merged = last  # type: ignore[method-assign]  # in this process alone, and on purpose
    app()


if __name__ == "__main__":
    main()
