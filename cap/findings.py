"""A `Problem` is a fault of an alert as it was noticed, a `Finding` the same as a policy judged it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """The weight of a finding: an alert with an error is not valid under that policy."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Problem:
    """One breach of one rule, which no policy has judged yet. `code` is a key of `cap.rules.RULES`."""

    code: str
    path: str
    line: int | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem and the weight that a policy gave it.

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
    """Whether no finding is an error."""
    return all(finding.severity is not Level.ERROR for finding in findings)
