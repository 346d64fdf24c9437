"""Where alerts are found: bare, in `<alerts>`, in Atom and RSS, in EDXL-DE, as markup or as escaped text."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from cap import elements, feeds
from cap.builder import build
from cap.elements import Element
from cap.errors import CapError, LimitExceeded, NotCap
from cap.findings import Problem
from cap.grammar import ALERT_TAGS
from cap.limits import Limits
from cap.model import Alert, Document, Entry

_EDXL: Final = "EDXLDistribution"
_ESCAPED: Final = frozenset({"content", "description", "encoded", "contentData", "embeddedXMLContent"})


@dataclass(slots=True)
class _Harvest:
    """What one container yields, collected in document order."""

    limits: Limits
    alerts: list[Alert] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, element: Element, repairs: list[str], path: str) -> None:
        """One alert that cannot be afforded is reported and does not take the others with it."""
        if len(self.alerts) >= self.limits.max_alerts:
            most = self.limits.max_alerts
            raise LimitExceeded(
                f"More than {most} alerts (line {element.line}).",
                f"Mehr als {most} Meldungen (Zeile {element.line}).",
                element.line,
            )
        try:
            self.alerts.append(build(element, ALERT_TAGS[element.tag], self.limits, repairs))
        except LimitExceeded as error:
            self.problems.append(Problem("feed-alert-unreadable", path, element.line, str(error)))

    def add_text(self, text: str, line: int, path: str) -> None:
        """An alert that stands in a feed as escaped text: its lines count from where the text begins."""
        try:
            root, repairs = elements.read(text.strip().encode(), self.limits)
        except CapError as error:
            self.problems.append(Problem("feed-alert-unreadable", path, line, str(error)))
            return
        if root.tag in ALERT_TAGS:
            self.add(root, repairs, path)


def harvest(root: Element, repairs: list[str], limits: Limits) -> Document:
    """Every alert under `root`. Raises NotCap where the root is no container, LimitExceeded for too many
    alerts.
    """
    if root.tag in ALERT_TAGS:
        return Document((build(root, ALERT_TAGS[root.tag], limits, repairs),))
    kind, entries, problems = _container(root)
    found = _Harvest(limits, problems=problems)
    for element, path in _walk(root, f"/{root.local}"):
        if element.tag in ALERT_TAGS:
            found.add(element, repairs, path)
        else:
            found.add_text(element.text, element.line, path)
        if kind == "atom" and "/entry/" not in path:
            found.problems.append(Problem("feed-alert-misplaced", path, element.line))
    if not found.alerts:
        found.problems.append(Problem("feed-without-alert", f"/{root.local}", root.line))
    return Document(tuple(found.alerts), tuple(found.problems), kind, entries)


def _container(root: Element) -> tuple[str, tuple[Entry, ...], list[Problem]]:
    reader = _FEEDS.get(root.tag)
    if reader is not None:
        kind, entries, problems = reader
        return kind, tuple(entries(root)), list(problems(root))
    if root.local == _EDXL:
        return "edxl-de", (), []
    if root.local == "alerts":
        return "alerts", (), []
    where = f"in the namespace {root.namespace[:80]}" if root.namespace else "in no namespace"
    raise NotCap(
        f"The root element is {root.local[:80]} {where}, neither an alert nor a known container.",
        f"Das Wurzelelement {root.local[:80]} ist weder eine CAP-Meldung noch ein bekannter Behälter.",
        root.line,
    )


_FEEDS: Final[
    dict[str, tuple[str, Callable[[Element], Iterator[Entry]], Callable[[Element], Iterator[Problem]]]]
] = {
    f"{feeds.ATOM} feed": ("atom", feeds.atom_entries, feeds.atom_problems),
    "rss": ("rss", feeds.rss_items, feeds.rss_problems),
}


def _walk(element: Element, path: str) -> Iterator[tuple[Element, str]]:
    """Alerts, and texts that hold one, in document order; never anything inside an alert."""
    for child in element.children:
        below = f"{path}/{child.local[:60]}"
        if child.tag in ALERT_TAGS or (child.local in _ESCAPED and _holds_alert(child)):
            yield child, below
        else:
            yield from _walk(child, below)


def _holds_alert(element: Element) -> bool:
    start = element.text.lstrip()[:1000]
    return start.startswith("<") and (start.startswith("<?xml") or "alert" in start.partition(">")[0])
