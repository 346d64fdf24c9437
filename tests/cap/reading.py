"""What the tests of several modules read a message with."""

from collections.abc import Callable
from typing import TypeAlias

import cap
from cap.limits import Limits
from cap.parse.elements import Element, read_text
from cap.parse.fields import Fields
from cap.parse.grammar import GRAMMARS, NAMESPACE_OF, Model
from cap.parse.problems import ProblemCollector
from cap.vocabulary import Version

Change: TypeAlias = tuple[str, str]
Message: TypeAlias = Callable[..., bytes]
"""The fixture `message`: takes any number of `Change`s."""


def only(data: bytes) -> cap.Alert:
    """The one alert in `data`."""
    (alert,) = cap.parse(data).alerts
    return alert


def codes(alert: cap.Alert, policy: cap.Policy = cap.STRICT, level: str = "error") -> list[str]:
    """The codes of the alert's findings of one level."""
    return [finding.code for finding in cap.check(alert, policy) if finding.severity == level]


def element(markup: str, version: Version = Version.V1_2, limits: Limits | None = None) -> Element:
    """The root of `markup`, whose elements are of CAP's namespace."""
    name, space, rest = markup.partition(">")
    closed = name.endswith("/")
    opening = f'{name.removesuffix("/")} xmlns="{NAMESPACE_OF[version]}"{"/" if closed else ""}{space}'
    root, _ = read_text(opening + rest, limits or Limits())
    return root


def fields(markup: str, version: Version = Version.V1_2, limits: Limits | None = None) -> Fields:
    """The children of an `info` in `markup`, and in `.problems` what was noticed of them."""
    return fields_of(GRAMMARS[version].info, f"<info>{markup}</info>", version, limits)


def fields_of(
    model: Model, markup: str, version: Version = Version.V1_2, limits: Limits | None = None
) -> Fields:
    """The children of any element in `markup`, whose path is then `/x`."""
    collector = ProblemCollector(limits or Limits(), version)
    return Fields(element(markup, version, limits), model, "/x", collector)


def noticed(fields: Fields) -> list[str]:
    """The codes of the problems noticed so far; what is missing from an excerpt is none of them."""
    return [problem.code for problem in fields.problems.all() if problem.code != "element-missing"]
