"""Require what a submission must fulfil beyond CAP's own rules. Pure; each function raises `RequestRefused` with the
list.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import TYPE_CHECKING

import cap
from dispatcher.intake.meaning import infos_beyond
from dispatcher.intake.prepare import NAME_MAX, too_long_names
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import Said, said
from dispatcher.model.vocabulary import ENDING_REASONS, Doubt, Environment, environment_of
from dispatcher.targeting.explanation import area_number, german_label, in_both

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, tzinfo

    from dispatcher.access.principals import Principal
    from dispatcher.intake.decide import Decision
    from dispatcher.intake.prepare import IntakeRules, Message
    from dispatcher.intake.related import RelatedState
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.targeting.outcome import Match, Unmatched

FINDINGS_MAX = 50
"""Findings of one kind that an answer lists at most."""
NAMED = 20
"""Municipalities that a sentence names at most, so that it stays one; all of them are in `municipalities`."""


QUOTA_WINDOW = timedelta(hours=1)
"""The time in which a source may submit no more warnings than its quota."""


def counts_for_quota(message: Message, decision: Decision) -> bool:
    """Whether a message that is new to the record is one of the warnings that a quota bounds. What changes or ends a
    warning never is: nobody must be kept from taking back a false alarm.
    """
    return not message.acts and decision.reason not in ENDING_REASONS


def quota_exceeded(quota: int, reached: datetime, now: datetime) -> RequestRefused:
    """Return the refusal of one warning too many; `reached` is when the last but `quota` of the source's warnings came,
    whose place is free again an hour later.
    """
    wait_s = max(1, ceil((reached + QUOTA_WINDOW - now).total_seconds()))
    return RequestRefused(
        ProblemType.QUOTA_EXCEEDED,
        said(Phrase.QUOTA_REACHED, quota=quota, minutes=ceil(wait_s / 60)),
        extra={"quota": quota},
        retry_after_s=wait_s,
    )


def require_names(alert: cap.Alert) -> None:
    """Require CAP 1.2, and names that fit."""
    if alert.version is not cap.Version.V1_2:
        raise RequestRefused(
            ProblemType.MALFORMED,
            said(Phrase.VERSION_UNKNOWN, version=alert.version),
        )
    if too_long_names(alert):
        raise RequestRefused(
            ProblemType.INVALID_CAP,
            said(Phrase.NAME_TOO_LONG, most=NAME_MAX),
        )


def require_environment(rules: IntakeRules, alert: cap.Alert) -> None:
    """Require that the message is of the environment that the credential is for."""
    if environment_of(alert.status) is rules.environment:
        return
    is_exercise = rules.environment is Environment.EXERCISE
    phrase = Phrase.WARNING_BY_EXERCISE_KEY if is_exercise else Phrase.EXERCISE_BY_LIVE_KEY
    raise RequestRefused(ProblemType.WRONG_ENVIRONMENT, said(phrase, status=alert.status))


def require_target(rules: IntakeRules, message: Message) -> None:
    """Require an area, all of it known, within the territory. An ending needs none: it goes to those who were
    notified.
    """
    if message.ends:
        return
    matched, alert = message.matched, message.alert
    if not list(alert.areas()):
        phrase = Phrase.NO_AREA if alert.infos else Phrase.NO_INFO
        raise RequestRefused(ProblemType.NO_AREA, said(phrase))
    if matched.held or not matched.affected:
        raise RequestRefused(
            ProblemType.AREA_UNMATCHED,
            said(Phrase.AREA_UNMATCHED),
            errors=tuple(_unmatched_error(item, alert) for item in matched.unmatched),
        )
    places = [(place.ags, place.name) for place in matched.affected]
    require_territory(rules, places, Phrase.AREA_OUTSIDE_TERRITORY)


def _unmatched_error(lost: Unmatched, alert: cap.Alert) -> dict[str, object]:
    """Return what of the area led nowhere as a member of the problem's `errors`, with what it has besides."""
    path, line = place_of(lost, alert)
    why = _why(lost)
    return {
        "code": "area-unmatched",
        "severity": str(cap.Level.ERROR),
        "path": path,
        "line": line,
        "message": f"{lost.value}: {why.en}",
        "message_de": f"{german_label(lost.value)}: {why.de}",
        "kind": str(lost.kind),
        "value": lost.value,
        "reason": str(lost.reason),
    }


def _why(lost: Unmatched) -> Said:
    return lost.said if lost.said.de else in_both(lost.reason)


def place_of(lost: Unmatched, alert: cap.Alert) -> tuple[str, int | None]:
    """Return path and line of the area that an unmatched code, shape or area is in; of all areas where it is not found
    in one.
    """
    number = area_number(lost.value.partition(" of ")[2] or lost.value)
    distinct = list(dict.fromkeys(alert.areas()))
    name, _, code = lost.value.partition("=")
    for index, info in enumerate(alert.infos, 1):
        for position, area in enumerate(info.areas, 1):
            named = any(value.name == name and code in value.value for value in area.geocodes)
            numbered = number is not None and number <= len(distinct) and distinct[number - 1] == area
            if named or numbered:
                return f"/alert/info[{index}]/area[{position}]", area.line
    return "/alert/info/area", None


def require_own_reach(rules: IntakeRules, others: Sequence[AffectedMunicipality]) -> None:
    """Require the same of `others`: the places of what the message updates or ends, where it is another source's, or a
    person's role has a territory.
    """
    beyond = dict.fromkeys((place.ags, place.name) for place in others)
    require_territory(rules, list(beyond), Phrase.REFERENCE_OUTSIDE_TERRITORY)


def require_territory(
    rules: IntakeRules | Principal, places: Sequence[tuple[str, str]], phrase: Phrase
) -> None:
    """Require that the source may warn each of the municipalities; `phrase` says that it may not."""
    foreign = [(ags, name) for ags, name in places if not rules.may_warn(ags)]
    if foreign:
        names = ", ".join(name for _, name in foreign[:NAMED])
        more = said(Phrase.AND_MORE, count=len(foreign) - NAMED) if len(foreign) > NAMED else ""
        raise RequestRefused(
            ProblemType.OUTSIDE_TERRITORY,
            said(phrase, names=names, more=more),
            extra={"municipalities": [{"ags": ags, "name": name} for ags, name in foreign]},
        )


def refusal(doubt: Doubt, message: Message, known: RelatedState, zone: tzinfo) -> RequestRefused:
    """Return how a control centre is told that its message is in doubt; `zone` is that of its desk."""
    return _REFUSALS[doubt](message, known, zone)


def _clock(message: Message, known: RelatedState, zone: tzinfo) -> RequestRefused:
    return RequestRefused(
        ProblemType.SENT_IN_FUTURE,
        said(Phrase.SENT_IN_FUTURE, zone, sent=message.sent, now=known.now),
    )


def _lifetime(message: Message, _known: RelatedState, zone: tzinfo) -> RequestRefused:
    latest = message.latest_end
    return RequestRefused(
        ProblemType.EXPIRES_TOO_LATE,
        said(Phrase.EXPIRES_TOO_LATE, zone, expires=message.expires, latest=latest),
        errors=tuple(
            as_error(
                _finding(
                    "expires-too-late",
                    said(Phrase.INFO_EXPIRES_TOO_LATE, zone, expires=info.expires, latest=latest),
                    level=cap.Level.ERROR,
                    path=f"/alert/info[{number}]/expires",
                    line=info.lines.get("expires") or info.line,
                )
            )
            for number, info in infos_beyond(message.alert, latest).items()
        ),
    )


def _area(_message: Message, _known: RelatedState, _zone: tzinfo) -> RequestRefused:
    return RequestRefused(
        ProblemType.AREA_UNMATCHED,
        said(Phrase.AREA_UNMATCHED),
    )


def _several_texts(_message: Message, _known: RelatedState, _zone: tzinfo) -> RequestRefused:
    return RequestRefused(
        ProblemType.SEVERAL_TEXTS,
        said(Phrase.SEVERAL_TEXTS),
    )


def _territory(_message: Message, _known: RelatedState, _zone: tzinfo) -> RequestRefused:
    return RequestRefused(
        ProblemType.OUTSIDE_TERRITORY,
        said(Phrase.SOME_REFERENCE_OUTSIDE_TERRITORY),
    )


def _identity(_message: Message, _known: RelatedState, _zone: tzinfo) -> RequestRefused:
    return RequestRefused(
        ProblemType.IDENTITY_REUSED,
        said(Phrase.IDENTITY_REUSED),
    )


def _foreign_reference(message: Message, _known: RelatedState, _zone: tzinfo) -> RequestRefused:
    foreign = sorted({ref.sender for ref in message.alert.references} - {message.alert.sender})
    return RequestRefused(
        ProblemType.FOREIGN_REFERENCE,
        said(Phrase.FOREIGN_REFERENCE, senders=", ".join(foreign)),
        extra={"senders": foreign},
    )


def _unknown_reference(message: Message, _known: RelatedState, _zone: tzinfo) -> RequestRefused:
    return RequestRefused(
        ProblemType.UNKNOWN_REFERENCE,
        said(Phrase.UNKNOWN_REFERENCE),
        extra={"references": [f"{ref.sender},{ref.identifier}" for ref in message.alert.references]},
    )


def _reference_replaced(_message: Message, known: RelatedState, _zone: tzinfo) -> RequestRefused:
    in_force = known.successors
    names = ", ".join(f"{stored.identifier} ({stored.headline})" for stored in in_force[:NAMED])
    return RequestRefused(
        ProblemType.REFERENCE_REPLACED,
        said(Phrase.REFERENCE_REPLACED, names=names),
        extra={
            "in_force": [
                {"sender": stored.sender, "identifier": stored.identifier, "sent": stored.sent.isoformat()}
                for stored in in_force
            ]
        },
    )


def _environment(message: Message, known: RelatedState, _zone: tzinfo) -> RequestRefused:
    named = sorted({(stored.sender, stored.identifier) for stored in known.crossing})
    is_exercise = message.environment is Environment.EXERCISE
    phrase = Phrase.EXERCISE_ACTS_ON_WARNING if is_exercise else Phrase.WARNING_ACTS_ON_EXERCISE
    return RequestRefused(
        ProblemType.WRONG_ENVIRONMENT,
        said(phrase, identifiers=", ".join(identifier for _, identifier in named[:NAMED])),
        extra={"references": [f"{sender},{identifier}" for sender, identifier in named]},
    )


_REFUSALS = {
    Doubt.CLOCK: _clock,
    Doubt.LIFETIME: _lifetime,
    Doubt.AREA: _area,
    Doubt.SEVERAL_TEXTS: _several_texts,
    Doubt.TERRITORY: _territory,
    Doubt.IDENTITY: _identity,
    Doubt.FOREIGN_REFERENCE: _foreign_reference,
    Doubt.UNKNOWN_REFERENCE: _unknown_reference,
    Doubt.REFERENCE_REPLACED: _reference_replaced,
    Doubt.ENVIRONMENT: _environment,
}
"""The refusals of the doubts that a control centre's message can raise; the others are about feeds."""


def reference_findings(message: Message, known: RelatedState) -> tuple[cap.Finding, ...]:
    """Return what the sender of an Update or Cancel should know: which warnings that belong together with it stay in
    force although it might have meant them, and which references lead nowhere.
    """
    if not message.acts:
        return ()
    found = {(stored.sender, stored.identifier) for stored in known.named}
    unknown = [ref for ref in message.alert.references if (ref.sender, ref.identifier) not in found]
    return (*_unknown(unknown), *_still_in_force(known.survivors if message.ends else known.successors))


def _unknown(references: Sequence[cap.Reference]) -> Iterator[cap.Finding]:
    for reference in references:
        sentence = said(Phrase.REFERENCE_LEADS_NOWHERE, identifier=reference.identifier)
        yield _finding("reference-unknown", sentence, path="/alert/references")


def _still_in_force(survivors: Sequence[StoredAlert]) -> tuple[cap.Finding, ...]:
    return tuple(
        _finding(
            "still-in-force",
            said(Phrase.STILL_IN_FORCE, identifier=stored.identifier, headline=stored.headline),
            path="/alert/references",
        )
        for stored in survivors
    )


def behind_findings(
    sent: Sequence[StoredAlert], elsewhere: Sequence[StoredAlert], rules: IntakeRules
) -> tuple[cap.Finding, ...]:
    """Return which equal warnings are sent now because the message replaces or ends what stood for them: to everybody
    (`sent`), or where it does not warn (`elsewhere`). Of another source's only that there is one.
    """
    found = [(Phrase.SENT_INSTEAD, Phrase.ANOTHERS_SENT_INSTEAD, one) for one in sent]
    found += [(Phrase.SENT_ELSEWHERE, Phrase.ANOTHERS_SENT_ELSEWHERE, one) for one in elsewhere]
    sentences = [
        said(own, identifier=one.identifier, headline=one.headline)
        if one.source_id == rules.source_id
        else said(anothers)
        for own, anothers, one in found
    ]
    return tuple(_finding("sent-instead", sentence, path="/alert/references") for sentence in sentences)


def target_findings(matched: Match, alert: cap.Alert) -> tuple[cap.Finding, ...]:
    """Return what the sender should know of an area that was accepted all the same: codes that led nowhere, repairs."""
    unmatched = [_unmatched_finding(item, alert) for item in matched.unmatched]
    notes = [
        _finding("target-note", said(Phrase.TARGET_NOTE, note=Said(de, en)), path="/alert/info/area")
        for de, en in zip(matched.notes_de, matched.notes, strict=True)
    ]
    return (*_bounded(unmatched), *_bounded(notes))


def _unmatched_finding(lost: Unmatched, alert: cap.Alert) -> cap.Finding:
    path, line = place_of(lost, alert)
    what = Said(german_label(lost.value), lost.value)
    sentence = said(Phrase.TARGET_UNMATCHED, what=what, why=_why(lost))
    return _finding("target-unmatched", sentence, path=path, line=line)


def _bounded(findings: Sequence[cap.Finding]) -> list[cap.Finding]:
    """Return at most `FINDINGS_MAX`, and how many more there are."""
    more = len(findings) - FINDINGS_MAX
    if more <= 0:
        return list(findings)
    rest = _finding(findings[0].code, said(Phrase.MORE_LEFT_OFF, count=more), path="/alert/info/area")
    return [*findings[:FINDINGS_MAX], rest]


def _finding(
    code: str,
    sentence: Said,
    *,
    path: str,
    line: int | None = None,
    level: cap.Level = cap.Level.WARNING,
) -> cap.Finding:
    return cap.Finding(code, level, path, line, sentence.en, sentence.de)


def as_error(finding: cap.Finding) -> dict[str, object]:
    """Return a finding as a member of the problem's `errors`."""
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "path": finding.path,
        "line": finding.line,
        "message": finding.message,
        "message_de": finding.message_de,
    }
