"""Problems as they are noticed while an alert is read."""

from typing import Final

from cap.findings import Problem
from cap.limits import Limits
from cap.vocabulary import Version

_QUOTED: Final = 60


def quote(text: str) -> str:
    """`text` for a sentence: one line, in quotation marks, shortened."""
    line = " ".join(text.split())
    return f"“{line[:_QUOTED]}…”" if len(line) > _QUOTED else f"“{line}”"


class ProblemCollector:
    """The problems of one alert, bounded."""

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
        """Count a problem for whose path there is no more room."""
        self._dropped += 1

    def all(self) -> tuple[Problem, ...]:
        if not self._dropped:
            return tuple(self._kept)
        return (*self._kept, Problem("problems-truncated", "/alert", None, str(self._dropped)))
