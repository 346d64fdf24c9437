"""Defines what a profile is, the facts it finds, and what several profiles need to find them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from cap.findings import Problem
from cap.model import Alert, Info, NamedValue


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a message says outside of CAP's own elements, in common terms.

    `key` names the warning in all its languages and republications. `hazards` are (scheme, code) pairs. `quiet`
    asks to be listed without an alarm. `not_a_warning` marks an all-is-well message in warning form. `advance`
    marks a notice before the warning proper. `untranslated` are languages whose text is really another language's.
    `attribution` must be shown beside the text. `replaced` are identifiers given outside of `references`.
    """

    key: str = ""
    profiles: tuple[str, ...] = ()
    hazards: tuple[NamedValue, ...] = ()
    instructions: tuple[str, ...] = ()
    all_clear: bool = False
    is_test: bool = False
    quiet: bool = False
    not_a_warning: bool = False
    advance: bool = False
    event_end: datetime | None = None
    short_text: str | None = None
    attribution: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    untranslated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """`applies` recognises a message that follows the profile; the others do what `cap.profiles` says of them."""

    name: str
    applies: Callable[[Alert], bool]
    normalise: Callable[[Alert], Alert]
    facts: Callable[[Alert, Facts], Facts]
    problems: Callable[[Alert], Iterator[Problem]]


def unchanged(alert: Alert) -> Alert:
    return alert


def no_problems(_alert: Alert) -> Iterator[Problem]:
    """Finds nothing, for profiles whose rules are not published."""
    return iter(())


def values(pairs: Iterable[NamedValue], name: str) -> Iterator[str]:
    """Yields the values of every entry of that name."""
    return (pair.value for pair in pairs if pair.name == name)


def first_value(pairs: Iterable[NamedValue], name: str) -> str | None:
    return next((value for value in values(pairs, name) if value), None)


def hazard_codes(infos: Iterable[Info], name: str, scheme: str) -> tuple[NamedValue, ...]:
    """Returns the distinct eventCode values of that name, as codes of `scheme`."""
    found = (value for info in infos for value in values(info.event_codes, name) if value)
    return tuple(NamedValue(scheme, value) for value in dict.fromkeys(found))


def breach(alert: Alert, code: str, path: str, line: int | None, detail: str = "") -> Problem:
    """Returns the problem that a profile's demand is not met, at the element that should meet it."""
    return Problem(code, path, line or alert.line, detail)
