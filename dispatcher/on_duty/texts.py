"""Word what people on duty are told, in German: they are the duty officers of a German district. Pure.

Nothing in a text lets a stranger act who reads it over a shoulder: whoever follows its link signs in. Headlines are
strangers' words and stand in quotation marks, without links of theirs.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import msgspec

from channels.base import Cut, Line, Notice, Urgency
from dispatcher.access.roles import Role
from dispatcher.model.desk_time import desk_time
from dispatcher.model.vocabulary import Environment
from dispatcher.on_duty.endpoints import CODE_HOLDS
from dispatcher.on_duty.matters import MatterEnding, Occasion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo

    from dispatcher.on_duty.matters import Matter

LONGEST_HEADLINE: Final = 120
"""Characters of a headline that stand in a message: an SMS of some parts is read, a longer one is not."""
DONE_HOLDS: Final = timedelta(hours=1)
"""As long as it helps to hear that there is nothing to do any more."""
DECLARATIVE: Final = 8030
"""By this number browsers know a Declarative Web Push message, which they show by themselves."""
MARK: Final = "ÜBUNG"
REAL: Final = "ECHTBETRIEB"
"""How the title of a message about a real warning begins, as the pages do: it is told from an exercise at once."""

_LINK: Final = re.compile(r"://|www\.|\d{1,3}(?:\.\d{1,3}){3}", re.IGNORECASE)
_POINT: Final = re.compile(r"(?<=\w)[.．。｡](?=[^\W\d_])")
"""A point that may stand in the name of a host: telephones lead there, whether it begins like a link or not."""
_GRAVITY: Final = {
    name: rank for rank, name in enumerate(("Minor", "Moderate", "Severe", "Extreme"), start=1)
}
_SEVERITIES: Final = {"Extreme": "extrem", "Severe": "schwer", "Moderate": "mäßig", "Minor": "gering"}
_URGENT_FIRST: Final = (Occasion.ESCALATION, Occasion.REMINDER, Occasion.DUE, Occasion.DONE)
_TITLES: Final = {
    (Occasion.DUE, True): "Freigabe fällig",
    (Occasion.DUE, False): "Meldung wird gehalten",
    (Occasion.REMINDER, True): "Erinnerung: Freigabe fällig",
    (Occasion.REMINDER, False): "Erinnerung: Meldung wird gehalten",
    (Occasion.ESCALATION, True): "Eskalation: Freigabe fällig",
    (Occasion.ESCALATION, False): "Eskalation: Meldung wird gehalten",
}
_DONE: Final = {
    MatterEnding.APPROVED: "Erledigt: freigegeben",
    MatterEnding.REJECTED: "Erledigt: verworfen",
    MatterEnding.RELEASED: "Erledigt: nach der Regel versandt",
    MatterEnding.EXPIRED: "Erledigt: abgelaufen",
    MatterEnding.VOID: "Erledigt: überholt",
}
_ESCALATED: Final = (
    "Niemand im Dienst hat entschieden oder war zu erreichen. Außerhalb der Bereitschaft kann niemand entscheiden: "
    "Rufen Sie den Dienst an; wer die Zugänge verwaltet, kann die Bereitschaft erweitern."
)
_WHEN_COUNTED: Final = (
    "Braucht sie für so viele keine zweite Person, geht sie von selbst hinaus; sonst verfällt sie ohne Entscheidung "
    "{expires}."
)
_AT_THE_SERVER: Final = "Am Server: dispatcher held list."
_CODE: Final = (
    "Ihr Code ist {code}. Er bestätigt, dass der Warndienst Sie hier erreicht, wenn Sie Dienst haben."
)
_CODE_TITLE: Final = "Warndienst: Code"


@dataclass(frozen=True, slots=True)
class Subject:
    """A matter of which somebody is told, on an occasion; `ending` is what became of it, None while it waits."""

    matter: Matter
    occasion: Occasion
    ending: MatterEnding | None = None


@dataclass(frozen=True, slots=True)
class DutyTexts:
    """Writes them for the desk's zone. `console_url` is the origin of the console; empty: there is none to link to."""

    zone: tzinfo
    console_url: str = ""

    def code(self, code: str, endpoint_id: int, reference: str, now: datetime) -> Notice:
        """Return the message with a code for this endpoint. `reference`: different for each message."""
        text = _CODE.format(code=code)
        proof: dict[str, str | int] = {"code": code, "endpoint": endpoint_id}
        return _notice(_CODE_TITLE, text, "duty-code", reference, now + CODE_HOLDS, proof=proof)

    def told(self, subjects: Sequence[Subject], reference: str, now: datetime) -> Notice:
        """Return one message about all these, the gravest first, and what is real before exercises; there is at least
        one. `reference`: different for each message, and the same for one that is sent once more.
        """
        first, *others = sorted(subjects, key=_rank)
        title, text = self._title(first), self._text(first)
        exercises = sum(map(_is_exercise, others))
        if others:
            some = f" (davon {exercises} {MARK})" if exercises and not _is_exercise(first) else ""
            text += f" Dazu {len(others)} weitere{some}, auch diese warten auf Sie oder sind erledigt."
        link, mark = self._link(first), MARK if _is_exercise(first) else ""
        title = f"{mark or REAL} – {title}"
        waiting = [one.matter.expires for one in subjects if one.ending is None]
        deadline = min([*waiting, now + timedelta(days=1)]) if waiting else now + DONE_HOLDS
        key = _collapse_key(first.matter)
        return _notice(title, text, key, reference, max(deadline, now), link=link, mark=mark)

    def _title(self, subject: Subject) -> str:
        if subject.ending is not None:
            return _DONE[subject.ending]
        return _TITLES[subject.occasion, subject.matter.asked is Role.APPROVER]

    def _text(self, subject: Subject) -> str:
        matter = subject.matter
        severity = _SEVERITIES.get(matter.severity, "Schwere unbekannt")
        parts = [f"„{_headline(matter.headline)}“, {severity}, von {_writers(matter)}."]
        if subject.ending is not None:
            return " ".join(parts)
        parts.append(self._link(subject) or _AT_THE_SERVER)
        if matter.people is not None:
            parts.append(f"Empfänger: {matter.people}.")
        elif matter.asked is Role.APPROVER:
            parts.append("Empfänger noch nicht gezählt.")
        parts += self._times(matter)
        if subject.occasion is Occasion.ESCALATION:
            parts.append(_ESCALATED)
        return " ".join(parts)

    def _times(self, matter: Matter) -> list[str]:
        if matter.release_at is not None:
            return [f"Ohne Entscheidung geht sie {desk_time(matter.release_at, self.zone)} hinaus."]
        expires = desk_time(matter.expires, self.zone)
        if matter.may_go_when_counted:
            return [_WHEN_COUNTED.format(expires=expires)]
        return [f"Ohne Entscheidung geht sie nicht hinaus und verfällt {expires}."]

    def _link(self, subject: Subject) -> str:
        matter = subject.matter
        if not self.console_url or matter.asked is not Role.APPROVER:
            return ""
        return f"{self.console_url}/console/{matter.environment.value}/approvals/{matter.alert_id}"


def _rank(subject: Subject) -> tuple[bool, int, int, str]:
    gravity = _GRAVITY.get(subject.matter.severity, 0)
    return _is_exercise(subject), _URGENT_FIRST.index(subject.occasion), -gravity, subject.matter.alert_id


def _is_exercise(subject: Subject) -> bool:
    return subject.matter.environment is Environment.EXERCISE


def _headline(text: str) -> str:
    """Return a headline in one line without links. What might be the name of a host is parted behind its points, which
    does no harm to an abbreviation.
    """
    words = "".join(letter if letter.isprintable() else " " for letter in text).split()
    shown = " ".join("[Link]" if _LINK.search(one) else _POINT.sub(". ", one) for one in words)
    return shown if len(shown) <= LONGEST_HEADLINE else f"{shown[: LONGEST_HEADLINE - 1]}…"


def _writers(matter: Matter) -> str:
    return matter.authors[0] if len(matter.authors) == 1 else matter.source_id


def _collapse_key(matter: Matter) -> str:
    """Return what makes a later message about the same take the place of an earlier one that was not seen yet."""
    return f"duty-{hashlib.sha256(matter.alert_id.encode()).hexdigest()[:24]}"


def _notice(  # noqa: PLR0913 - what a message is made of, the last ones named
    title: str,
    text: str,
    collapse_key: str,
    reference: str,
    deadline: datetime,
    *,
    link: str = "",
    mark: str = "",
    proof: Mapping[str, str | int] = MappingProxyType({}),
) -> Notice:
    """Return it. What it is marked with stands at its end as well, whatever is cut before it."""
    said = Line(f"{title}: {text}", cut=Cut.WORDS)
    text = f"{text} – {mark}" if mark else text
    notification = {"title": title, "body": text, "tag": collapse_key, "lang": "de", "silent": False}
    document: dict[str, object] = {"notification": notification}
    if link:
        document["web_push"] = DECLARATIVE
        notification["navigate"] = link
    document |= proof
    return Notice(
        alert_id=reference,
        collapse_key=collapse_key,
        title=title,
        text=f"{title}: {text}",
        lines=(said, Line(mark, cut=Cut.END)) if mark else (),
        payload=msgspec.json.encode(document),
        language="de",
        urgency=Urgency.HIGH,
        deadline=deadline,
    )
