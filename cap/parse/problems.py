"""Collects the problems that are noticed while an alert is read."""

from typing import Final

from cap.findings import Problem
from cap.limits import Limits
from cap.vocabulary import Version

_QUOTED: Final = 60  # characters of a message's text in a sentence about it: enough to find it again


def quote(text: str) -> str:
    """Returns `text` for use in a sentence: on one line, in quotation marks, shortened."""
    line = " ".join(text.split(None, _QUOTED))  # of a long text no more words than are shown
    return f"“{line[:_QUOTED]}…”" if len(line) > _QUOTED else f"“{line}”"


class ProblemCollector:
    """Keeps the problems of one alert up to `Limits.max_problems`, and counts the rest."""

    def __init__(self, limits: Limits, version: Version) -> None:
        self.limits = limits
        self.version = version
        self._kept: list[Problem] = []
        self._dropped = 0

    @property
    def is_full(self) -> bool:
        return len(self._kept) >= self.limits.max_problems

    def add(self, code: str, path: str, line: int, detail: str = "") -> None:
        if self.is_full:
            self.drop()
        else:
            self._kept.append(Problem(code, path, line or None, detail))

    def drop(self) -> None:
        """Counts a problem that is not kept: its path need not be worked out."""
        self._dropped += 1

    def all(self) -> tuple[Problem, ...]:
        if not self._dropped:
            return tuple(self._kept)
        return (*self._kept, Problem("problems-truncated", "/alert", None, str(self._dropped)))
