"""Arrange what pages show of a message that waits for a second person. Pure: nothing is decided here."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from cap import Severity
from cap.severity import SEVERITY_ORDER
from channels.sms.fitting import compose
from dispatcher.desk_texts.catalogue import desk_texts
from dispatcher.intake.four_eyes.states import state_of
from dispatcher.intake.four_eyes.texts import DOCUMENT, PUSHED
from dispatcher.model.vocabulary import ApprovalState, reasons_held
from dispatcher.texts.languages import DEFAULT, is_right_to_left

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from dispatcher.intake.four_eyes.deciding import ShownMessage
    from dispatcher.intake.four_eyes.texts import SmsSource
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.approval.request import ApprovalRequest

LISTED_MAX: Final = 100
"""How many messages a list has: a person at night reads the gravest, and is told how many more there are."""
DOCUMENT_MEMBERS: Final = ("title", "headline", "instruction", "description", "areas", "contact")
"""What an app's page shows of the document, in the order of reading; its other members are for programs."""
_GRAVEST: Final = {severity.value: rank for rank, severity in enumerate(SEVERITY_ORDER)}
_MINUTE_S: Final = 60


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """One message of the list."""

    request: ApprovalRequest
    alert: StoredAlert
    municipalities: int
    is_mine: bool
    """Whether the person who looks may approve it."""

    @property
    def severity(self) -> str:
        """Return its severity, as `severity_…` says it in the catalogue."""
        return severity_of(self.alert)


class WrittenTexts(Protocol):
    """A message of which it is written what people read: `HeldTexts` writes both."""

    @property
    def texts(self) -> Mapping[str, str | bytes]:
        """Return the texts by form and language."""

    @property
    def sms(self) -> Mapping[str, SmsSource]:
        """Return what a gateway composes the SMS of, by language."""


@dataclass(frozen=True, slots=True)
class ShownText:
    """What people get to read in one language, as it is sent."""

    language: str
    languages: str
    """The tags of all languages in which people read the same."""
    direction: str
    sms: str
    parts: int
    """How many parts the SMS has."""
    characters: int
    push_title: str
    push_body: str
    document: tuple[tuple[str, str], ...]
    """Members of `DOCUMENT_MEMBERS` with what they say."""


def ordered(waiting: Iterable[WaitingMessage]) -> list[WaitingMessage]:
    """Return them with the gravest first, of equally grave ones that which has waited for longest."""
    return sorted(waiting, key=lambda one: (_GRAVEST[one.severity], one.request.requested_at, one.alert.id))


def longest_waiting_first(alerts: Iterable[StoredAlert]) -> list[StoredAlert]:
    """Return held alerts with the gravest first, of equally grave ones that which waits for longest."""
    return sorted(alerts, key=lambda one: (_GRAVEST[severity_of(one)], one.received_at, one.id))


def severity_of(alert: StoredAlert) -> str:
    """Return its severity as CAP has it; Unknown for a word that CAP does not have."""
    return alert.severity if alert.severity in _GRAVEST else Severity.UNKNOWN.value


def texts_shown(shown: WrittenTexts, parts_max: int) -> list[ShownText]:
    """Return the texts, German first, each once, of SMS with at most so many parts."""
    found: dict[ShownText, ShownText] = {}
    for language in sorted(shown.sms, key=lambda one: (one.split("-")[0].lower() != DEFAULT, one)):
        text = _text(shown, language, parts_max)
        same = replace(text, language="", languages="")
        first = found.get(same)
        found[same] = replace(first, languages=f"{first.languages}, {language}") if first else text
    return [*found.values()]


def reasons(request: ApprovalRequest, language: str) -> list[str]:
    """Return why it is held, in words."""
    return why_held(request.held_for, language)


def why_held(held_for: str, language: str) -> list[str]:
    """Return why a message is held, in words. Behind the size of an audience stand the numbers."""
    doubts = desk_texts(language).doubts
    return [doubts.get(one.partition(":")[0], one) for one in reasons_held(held_for)]


def timers(request: ApprovalRequest) -> list[tuple[str, datetime]]:
    """Return what happens without a decision and when, the earliest first: names of the catalogue."""
    due = {
        "timer_remind": request.remind_at,
        "timer_escalate": request.escalate_at,
        "timer_release": request.release_at,
        "timer_expires": request.expires,
    }
    return sorted(((name, at) for name, at in due.items() if at is not None), key=lambda one: one[1])


def away(delay: timedelta) -> tuple[str, int, int]:
    """Return how far an instant is from now, ahead or ago, as the name of a sentence, whole hours and minutes. Less
    than a minute has a sentence of its own: none would read as if it was over.
    """
    seconds = delay.total_seconds()
    hours, minutes = divmod(int(abs(seconds) // _MINUTE_S), 60)
    unit = "hours" if hours else "minutes" if minutes else "moment"
    return f"{'ago' if seconds < 0 else 'ahead'}_{unit}", hours, minutes


def number(count: int, language: str) -> str:
    """Return a count as people read it: `12.000` in German, `12,000` in English."""
    written = f"{count:,}"
    return written.replace(",", ".") if language == "de" else written


def is_count(typed: str, count: int) -> bool:
    """Whether somebody typed this count, with or without separators of thousands."""
    digits = "".join(one for one in typed if not (one.isspace() or one in ".,'’"))
    return digits.isascii() and digits.isdigit() and len(digits) < 12 and int(digits) == count


def has_ended(state: ApprovalState) -> bool:
    """Whether nothing is to be decided any more."""
    return state is not ApprovalState.WAITING


def state_now(shown: ShownMessage) -> ApprovalState:
    """Return the state of its approval as of the instant at which it was read."""
    return state_of(shown.request, shown.now)


def _text(shown: WrittenTexts, language: str, parts_max: int) -> ShownText:
    source = shown.sms[language]
    sms = compose(source.lines, parts_max, source.language)
    pushed = _members(shown.texts, f"{PUSHED}/{language}").get("notification", {})
    document = _members(shown.texts, f"{DOCUMENT}/{language}")
    members = ((name, document.get(name)) for name in DOCUMENT_MEMBERS)
    return ShownText(
        language=language,
        languages=language,
        direction="rtl" if is_right_to_left(language) else "ltr",
        sms=sms.text,
        parts=len(sms.parts),
        characters=len(sms.text),
        push_title=str(pushed.get("title", "")),
        push_body=str(pushed.get("body", "")),
        document=tuple((name, value) for name, value in members if isinstance(value, str) and value),
    )


def _members(texts: Mapping[str, str | bytes], name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(texts.get(name, "{}"))
    return found
