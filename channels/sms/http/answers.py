"""What a provider's answer means, decided by one table: status, a value of its JSON, or its text.

The rules of a gateway are tried in order, and the first that fits decides. What none fits goes by the general table of
HTTP statuses, with what `STATUSES` says of a provider's address. An answer with 2xx that no rule fits is `uncertain`:
that it was accepted is only ever said by a rule.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from channels.base import ChannelMisconfigured, Uncertain
from channels.http.retry_after import parse_retry_after
from channels.http_statuses import classify
from channels.sms.http.json_path import CODE, REFERENCE, look_up, matching
from channels.sms.http.patterns import Pattern, captured
from channels.sms.meanings import AnswerMeaning, DecidedBy, error_of, meaning_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from channels.base import DeliveryError
    from channels.http.messages import Answer
    from channels.http_statuses import Meaning

TEXT_BYTES: Final = 4096
"""The bytes of an answer that are compared as text: providers say in the first line what they mean."""

# The URL is the provider's, not the recipient's: what elsewhere says that an endpoint is gone says here that
# the account or its configuration is wrong, and concerns everybody.
STATUSES: Final[Mapping[int, Meaning]] = {
    **dict.fromkeys((301, 302, 303, 307, 308, 402, 404, 405, 407, 410, 415), ChannelMisconfigured),
    # The provider's front passed it on and heard nothing usable (RFC 9110 sections 15.6.3 and 15.6.5).
    502: Uncertain,
    504: Uncertain,
}

_UNREADABLE: Final = {"oversized": (DecidedBy.OVERSIZED, "the answer is too long to be read")}
"""What is said of an answer whose body is missing for another reason than that it broke off."""


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """One row of a gateway's table: all that it names must fit."""

    means: AnswerMeaning
    name: str
    """What it is called, to a person: `answer.rules.3 (no credit)`."""
    statuses: frozenset[int] = frozenset(range(100, 600))
    path: str = ""
    """A path in the JSON at which something must stand; empty: the JSON is not looked at."""
    values: tuple[Pattern, ...] = ()
    """What must stand there, one of these; none: whatever it is."""
    texts: tuple[Pattern, ...] = ()
    """What the whole text must be, one of these; none: it is not looked at."""
    code: str = ""
    """The error's code, where the answer names none."""
    label: str = ""
    """Its name without the words about it."""

    @property
    def reads_body(self) -> bool:
        return bool(self.path or self.texts)

    def hides(self, later: AnswerRule) -> bool:
        """Return whether a later rule can never decide, since this one fits all that it does."""
        return later.statuses <= self.statuses and self._path_fits(later) and _cover(self.texts, later.texts)

    @property
    def names_an_answer(self) -> bool:
        """Whether it is about what an answer says, and not only about its status or that something stands there."""
        return bool(self.values or self.texts)

    def _path_fits(self, later: AnswerRule) -> bool:
        """Return whether what a later rule finds in the JSON is always something that this one finds, too."""
        if not self.path:
            return True
        if self.values:
            return later.path == self.path and _cover(self.values, later.values)
        return later.path == self.path or later.path.startswith(f"{self.path}.")


def _cover(patterns: tuple[Pattern, ...], others: tuple[Pattern, ...]) -> bool:
    """Return whether all that the others match is matched here; no pattern matches everything."""
    if not patterns:
        return True
    return bool(others) and all(any(one.covers(other) for one in patterns) for other in others)


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """All that is known of a provider's answers. Paths are names joined by dots, numbers in lists (`items.0.id`)."""

    rules: tuple[AnswerRule, ...] = ()
    reference: str = ""
    """The path to the provider's id of the message."""
    reference_text: str = ""
    """Where the answer is text: how it begins, with a star for the id (`ID: *`)."""
    error: str = ""
    """The path to the provider's error code, for whoever reads of it; rules decide by themselves."""


@dataclass(frozen=True, slots=True)
class AnswerDecision:
    """What one answer was taken for. Nothing of the answer is in it but an id and a short code."""

    meaning: AnswerMeaning
    code: str
    rule: str
    """What decided: a rule's name, or words for the general table."""
    reference: str = ""
    retry_after: float | None = None
    by: DecidedBy = DecidedBy.RULE
    label: str = ""
    """The rule's name without words, where one decided."""

    def error(self) -> DeliveryError | ChannelMisconfigured | None:
        """Return the error that it stands for, None for an accepted message."""
        return error_of(self.meaning, self.code, self.retry_after)


@dataclass(slots=True)
class _Reading:
    """An answer, read as far as rules ask."""

    answer: Answer
    _document: Any = field(default=...)
    _text: str | None = None

    @property
    def document(self) -> Any:
        if self._document is ...:
            try:
                self._document = json.loads(self.answer.body)
            except (ValueError, RecursionError):
                self._document = None
        return self._document

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = self.answer.body[:TEXT_BYTES].decode("utf-8", "replace").strip()
        return self._text


def judge_answer(
    table: AnswerTable, answer: Answer, broken: str, now: Callable[[], datetime]
) -> AnswerDecision:
    """Return what an answer means. `broken` says why its body is missing, or is empty; `now` is asked only where the
    answer says when to come again.
    """
    reading = _Reading(answer)
    for rule in table.rules:
        if answer.status not in rule.statuses:
            continue
        if broken and rule.reads_body:
            if 200 <= answer.status < 300:
                # It may say anything: accepted, or an error inside.
                by, what = _UNREADABLE.get(broken, (DecidedBy.BROKEN_OFF, "the answer broke off"))
                said = f"{rule.name}: {what}"
                return AnswerDecision(AnswerMeaning.UNCERTAIN, broken, said, by=by, label=rule.label)
            continue
        if (found := _fitting(rule, reading)) is not None:
            return _decided(rule, found, table, reading, now)
    return _by_status(answer, now)


def _fitting(rule: AnswerRule, reading: _Reading) -> str | None:
    """Return the code that the fitting pattern stands for, which may be none; None where the rule does not fit."""
    code = ""
    if rule.path:
        value = look_up(reading.document, rule.path)
        if value is None:
            return None
        if rule.values:
            text = value_text(value)
            fitting = next((one for one in rule.values if one.matches(text)), None)
            if fitting is None:
                return None
            code = fitting.code
    if rule.texts:
        said = next((one for one in rule.texts if one.matches(reading.text)), None)
        if said is None:
            return None
        code = code or said.code
    return code


def _decided(
    rule: AnswerRule, fitting: str, table: AnswerTable, reading: _Reading, now: Callable[[], datetime]
) -> AnswerDecision:
    answer = reading.answer
    if rule.means is AnswerMeaning.ACCEPTED:
        return AnswerDecision(rule.means, "", rule.name, _reference(table, reading), label=rule.label)
    named = matching(CODE, look_up(reading.document, table.error)) if table.error else ""
    told = rule.means in (AnswerMeaning.RATE_LIMITED, AnswerMeaning.TRANSIENT)
    after = parse_retry_after(answer.header("retry-after"), now()) if told else None
    code = named or rule.code or fitting or str(answer.status)
    return AnswerDecision(rule.means, code, rule.name, retry_after=after, label=rule.label)


def _reference(table: AnswerTable, reading: _Reading) -> str:
    if table.reference and (found := matching(REFERENCE, look_up(reading.document, table.reference))):
        return found
    return matching(REFERENCE, captured(table.reference_text, reading.text)) if table.reference_text else ""


def _by_status(answer: Answer, now: Callable[[], datetime]) -> AnswerDecision:
    error = classify(answer, now, STATUSES)
    if error is None:
        said = "no rule fits an answer with 2xx"
        return AnswerDecision(AnswerMeaning.UNCERTAIN, "answer_unknown", said, by=DecidedBy.NO_RULE)
    after = getattr(error, "retry_after", None)
    said = "general table of statuses"
    return AnswerDecision(
        meaning_of(error),
        error.code,
        said,
        retry_after=after,
        by=DecidedBy.STATUSES,
        label=str(answer.status),
    )


def value_text(value: Any) -> str:
    """Return a JSON value as patterns compare it: `true` and numbers as they are written, empty for what has parts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if isinstance(value, (dict, list)) else str(value)
