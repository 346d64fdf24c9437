"""What is wrong with an alert: `Problem` as noticed, `Finding` as judged by a policy."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding weighs: an alert with an error is not valid under that policy."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach of one rule, not yet judged. `code` is a key of `cap.rules.RULES`."""

    code: str
    path: str
    line: int | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A judged problem.

    `path` is the element, as in `/alert/info[2]/area[1]/polygon[1]`; `line` counts from 1 and is None for
    alerts that did not come from XML. `message` is one English sentence, `message_de` the same in German.
    """

    code: str
    severity: Level
    path: str
    line: int | None
    message: str
    message_de: str = ""


def is_valid(findings: Iterable[Finding]) -> bool:
    """True if no finding is an error."""
    return all(finding.severity is not Level.ERROR for finding in findings)
