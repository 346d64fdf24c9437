"""Finds alerts: bare, in `<alerts>`, in Atom and RSS, in EDXL-DE, as markup, escaped or in base64."""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from cap.errors import CapError, LimitExceeded, NotCap
from cap.findings import Problem
from cap.limits import Limits
from cap.model import Alert, Document, Entry
from cap.parse import elements, feeds
from cap.parse.builder import build
from cap.parse.elements import Element
from cap.parse.grammar import ALERT_TAGS

_EDXL: Final = frozenset({"EDXLDistribution", "edxlDistribution"})  # EDXL-DE 1.0, 2.0
_ESCAPED: Final = frozenset({"content", "description", "encoded", "contentData", "embeddedXMLContent"})
_BASE64: Final = "contentData"  # EDXL-DE 1.0 §3.2.4.2: for content other than XML, yet it may hold an alert
_HEAD: Final = 2_000  # characters within which a document's root begins
_BEGINS_ALERT: Final = re.compile(
    r"(?>\s+|\ufeff|<!--(?>(?:(?!-->).)*)-->|<\?(?>(?:(?!\?>).)*)\?>)*+<(?:!DOCTYPE\s+)?(?:[\w.-]+:)?alert[\s/>\[]",
    re.DOTALL,
)


@dataclass(slots=True)
class _AlertCollector:
    """Collects what one container yields, in document order."""

    limits: Limits
    alerts: list[Alert] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seen: int = 0

    def add(self, element: Element, repairs: list[str], path: str) -> None:
        """Adds an alert; one that exceeds a limit is reported and does not take the others with it."""
        self._count(element.line)
        try:
            self.alerts.append(build(element, ALERT_TAGS[element.tag], self.limits, repairs))
        except LimitExceeded as error:
            self.problems.append(Problem("feed-alert-unreadable", path, element.line, str(error)))

    def _count(self, line: int) -> None:
        """Raises LimitExceeded for an alert too many: one that cannot be read costs as much as one that can."""
        self.seen += 1
        if self.seen > self.limits.max_alerts:
            raise _too_many(self.limits.max_alerts, "alerts", "Meldungen", line)

    def add_inner(self, inner: str | bytes, line: int, path: str) -> None:
        """Adds an alert that a container holds as text or bytes; its lines count from where it begins."""
        try:
            if isinstance(inner, str):
                root, repairs = elements.read_text(inner, self.limits)
            else:
                root, repairs = elements.read(inner, self.limits)
        except CapError as error:
            self._count(line)
            self.problems.append(Problem("feed-alert-unreadable", path, line, str(error)))
            return
        if root.tag in ALERT_TAGS:
            self.add(root, repairs, path)
        else:
            self.add_foreign(root, line, path)

    def add_foreign(self, element: Element, line: int, path: str) -> None:
        """Reports an alert of no known namespace: it is not read, but it must not vanish either."""
        self._count(line)
        why = f"its namespace is “{element.namespace[:80]}”, which is none of CAP's."
        self.problems.append(Problem("feed-alert-unreadable", path, line, why))


def _too_many(most: int, what: str, was: str, line: int) -> LimitExceeded:
    return LimitExceeded(
        f"More than {most} {what} (line {line}).", f"Mehr als {most} {was} (Zeile {line}).", line
    )


def collect_alerts(root: Element, repairs: list[str], limits: Limits) -> Document:
    """Returns every alert under `root`. Raises NotCap where the root is no container, LimitExceeded for too many
    alerts.
    """
    if root.tag in ALERT_TAGS:
        return Document((build(root, ALERT_TAGS[root.tag], limits, repairs),))
    kind, entries, problems = _container(root, limits)
    found = _AlertCollector(limits, problems=problems)
    for element, path, inner in _walk(root, f"/{root.local}"):
        if inner is not None:
            found.add_inner(inner, element.line, path)
        elif element.tag in ALERT_TAGS:
            found.add(element, repairs, path)
        else:
            found.add_foreign(element, element.line, path)
        if kind == "atom" and "/entry/" not in path:
            found.problems.append(Problem("feed-alert-misplaced", path, element.line))
    if not found.alerts:
        found.problems.append(Problem("feed-without-alert", f"/{root.local}", root.line))
    return Document(tuple(found.alerts), tuple(found.problems), kind, entries)


def _container(root: Element, limits: Limits) -> tuple[str, tuple[Entry, ...], list[Problem]]:
    reader = _FEEDS.get(root.tag)
    if reader is not None:
        kind, entries, problems = reader
        found = tuple(islice(entries(root), limits.max_alerts + 1))
        if len(found) > limits.max_alerts:
            raise _too_many(limits.max_alerts, "entries", "Einträge", found[-1].line or root.line)
        return kind, found, _listed(problems(root), f"/{root.local}", limits.max_problems)
    if root.local in _EDXL:
        return "edxl-de", (), []
    if root.local == "alerts":
        return "alerts", (), []
    where = f"in the namespace {root.namespace[:80]}" if root.namespace else "in no namespace"
    raise NotCap(
        f"The root element is {root.local[:80]} {where}, neither an alert nor a known container.",
        f"Das Wurzelelement {root.local[:80]} ist weder eine CAP-Meldung noch ein bekannter Behälter.",
        root.line,
    )


def _listed(problems: Iterator[Problem], path: str, most: int) -> list[Problem]:
    """Returns the first problems of the container itself, and the number of the others."""
    found = list(islice(problems, most))
    more = sum(1 for _ in problems)
    return [*found, Problem("problems-truncated", path, None, str(more))] if more else found


_FEEDS: Final[
    dict[str, tuple[str, Callable[[Element], Iterator[Entry]], Callable[[Element], Iterator[Problem]]]]
] = {
    f"{feeds.ATOM} feed": ("atom", feeds.atom_entries, feeds.atom_problems),
    "rss": ("rss", feeds.rss_items, feeds.rss_problems),
}


def _walk(element: Element, path: str) -> Iterator[tuple[Element, str, str | bytes | None]]:
    """Yields alerts, and elements whose text is one together with that text, in document order; never looks into an
    alert.
    """
    for child in element.children:
        below = f"{path}/{child.local[:60]}"
        inner = _inner(child) if child.local in _ESCAPED else None
        if inner is not None or child.tag in ALERT_TAGS or _is_foreign_alert(child):
            yield child, below, inner
        else:
            yield from _walk(child, below)


def _is_foreign_alert(element: Element) -> bool:
    return element.local == "alert" and any(child.local == "identifier" for child in element.children)


def _inner(element: Element) -> str | bytes | None:
    """Returns the alert that an element's text is, as escaped markup or, where the container allows it, as base64."""
    if _BEGINS_ALERT.match(element.text[:_HEAD]):
        return element.text
    if element.local != _BASE64:
        return None
    try:
        packed = base64.b64decode("".join(element.text.split()), validate=True)
    except ValueError:
        return None
    return packed if _BEGINS_ALERT.match(packed[:_HEAD].decode("utf-8-sig", "replace")) else None
