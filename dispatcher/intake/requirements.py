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
from dispatcher.model.vocabulary import ENDING_REASONS, Doubt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from dispatcher.intake.decide import Decision
    from dispatcher.intake.prepare import IntakeRules, Message
    from dispatcher.intake.related import RelatedState
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.targeting.outcome import Match

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
        f"Dieser Zugang hat in einer Stunde schon {quota} Warnungen eingereicht, mehr darf er nicht. Die Meldung ist "
        f"nicht angenommen, niemand wird gewarnt. Bitte in {ceil(wait_s / 60)} min erneut senden; eilt es, kann der "
        "Betreiber die Grenze sofort anheben. Aktualisierungen und Aufhebungen werden weiter angenommen.",
        extra={"quota": quota},
        retry_after_s=wait_s,
    )


def require_names(alert: cap.Alert) -> None:
    """Require CAP 1.2, and names that fit."""
    if alert.version is not cap.Version.V1_2:
        raise RequestRefused(
            ProblemType.MALFORMED,
            f"Angenommen wird CAP 1.2; diese Meldung ist in CAP {alert.version} verfasst.",
        )
    if too_long_names(alert):
        raise RequestRefused(
            ProblemType.INVALID_CAP,
            f"Eine Kennung oder ein Absender, auch in <references>, hat mehr als {NAME_MAX} Zeichen.",
        )


def require_target(rules: IntakeRules, message: Message) -> None:
    """Require an area, all of it known, within the territory. An ending needs none: it goes to those who were
    notified.
    """
    if message.ends:
        return
    matched = message.matched
    if not list(message.alert.areas()):
        raise RequestRefused(
            ProblemType.NO_AREA, "Die Meldung nennt kein Gebiet; ohne Gebiet wird niemand gewarnt."
        )
    if matched.held or not matched.affected:
        raise RequestRefused(
            ProblemType.AREA_UNMATCHED,
            "Mindestens ein Teil des Gebiets trifft keine bekannte Gemeinde; es wird nichts gesendet.",
            errors=tuple(
                {"kind": str(item.kind), "value": item.value, "reason": str(item.reason)}
                for item in matched.unmatched
            ),
        )
    require_territory(rules, [(place.ags, place.name) for place in matched.affected], "Das Gebiet reicht")


def require_own_reach(rules: IntakeRules, others: Sequence[AffectedMunicipality]) -> None:
    """Require the same of `others`: the places that other sources warned of in what the message updates or ends."""
    beyond = dict.fromkeys((place.ags, place.name) for place in others)
    require_territory(rules, list(beyond), "Die Meldung, auf die sich diese bezieht, reicht")


def require_territory(rules: IntakeRules, places: Sequence[tuple[str, str]], what: str) -> None:
    """Require that the source may warn each of the municipalities."""
    foreign = [(ags, name) for ags, name in places if not rules.may_warn(ags)]
    if foreign:
        names = ", ".join(name for _, name in foreign[:NAMED])
        more = f" und {len(foreign) - NAMED} weitere" if len(foreign) > NAMED else ""
        raise RequestRefused(
            ProblemType.OUTSIDE_TERRITORY,
            f"{what} über die Zuständigkeit hinaus: {names}{more}.",
            extra={"municipalities": [{"ags": ags, "name": name} for ags, name in foreign]},
        )


def refusal(doubt: Doubt, message: Message, known: RelatedState) -> RequestRefused:
    """Return how a control centre is told that its message is in doubt."""
    return _REFUSALS[doubt](message, known)


def _clock(message: Message, known: RelatedState) -> RequestRefused:
    return RequestRefused(
        ProblemType.SENT_IN_FUTURE,
        f"<sent> liegt in der Zukunft: {message.sent.isoformat()}, hier ist es {known.now.isoformat()}.",
    )


def _lifetime(message: Message, _known: RelatedState) -> RequestRefused:
    latest = message.latest_end.isoformat(timespec="seconds")
    return RequestRefused(
        ProblemType.EXPIRES_TOO_LATE,
        f"<expires> liegt zu weit in der Zukunft: {message.expires.isoformat()}. Eine Meldung von jetzt darf bis "
        f"{latest} gelten; was länger dauert, verlängert rechtzeitig ein Update.",
        errors=tuple(
            as_error(
                cap.Finding(
                    code="expires-too-late",
                    severity=cap.Level.ERROR,
                    path=f"/alert/info[{number}]/expires",
                    line=info.lines.get("expires") or info.line,
                    message=f"The info is to hold until {info.expires}; the latest end that is possible now is "
                    f"{latest}.",
                    message_de=f"Das info soll bis {info.expires} gelten; spätestens möglich ist jetzt {latest}.",
                )
            )
            for number, info in infos_beyond(message.alert, message.latest_end).items()
        ),
    )


def _area(_message: Message, _known: RelatedState) -> RequestRefused:
    return RequestRefused(
        ProblemType.AREA_UNMATCHED,
        "Mindestens ein Teil des Gebiets trifft keine bekannte Gemeinde; es wird nichts gesendet.",
    )


def _several_texts(_message: Message, _known: RelatedState) -> RequestRefused:
    return RequestRefused(
        ProblemType.SEVERAL_TEXTS,
        "Mehrere <info> einer Sprache nennen verschiedene Gebiete. Bitte für jedes Gebiet eine eigene Meldung "
        "senden, damit niemand den Text für einen anderen Ort erhält.",
    )


def _territory(_message: Message, _known: RelatedState) -> RequestRefused:
    return RequestRefused(
        ProblemType.OUTSIDE_TERRITORY,
        "Die Meldung, auf die sich diese bezieht, reicht über die Zuständigkeit hinaus.",
    )


def _identity(_message: Message, _known: RelatedState) -> RequestRefused:
    return RequestRefused(
        ProblemType.IDENTITY_REUSED,
        "Unter dieser Kennung (sender, identifier, sent) liegt schon eine andere Meldung vor. "
        "Eine Änderung braucht eine neue Kennung und msgType Update.",
    )


def _foreign_reference(message: Message, _known: RelatedState) -> RequestRefused:
    foreign = sorted({ref.sender for ref in message.alert.references} - {message.alert.sender})
    return RequestRefused(
        ProblemType.FOREIGN_REFERENCE,
        f"Nur eigene Meldungen können aktualisiert oder aufgehoben werden, nicht die von {', '.join(foreign)}.",
        extra={"senders": foreign},
    )


def _unknown_reference(message: Message, _known: RelatedState) -> RequestRefused:
    return RequestRefused(
        ProblemType.UNKNOWN_REFERENCE,
        "Keine der in <references> genannten Meldungen ist hier bekannt.",
        extra={"references": [f"{ref.sender},{ref.identifier}" for ref in message.alert.references]},
    )


def _reference_replaced(_message: Message, known: RelatedState) -> RequestRefused:
    in_force = known.successors
    names = ", ".join(f"{stored.identifier} ({stored.headline})" for stored in in_force[:NAMED])
    return RequestRefused(
        ProblemType.REFERENCE_REPLACED,
        "Was diese Meldung aufheben soll, ist schon durch andere ersetzt, die weiter gelten. Bitte diese in "
        f"<references> nennen: {names}.",
        extra={
            "in_force": [
                {"sender": stored.sender, "identifier": stored.identifier, "sent": stored.sent.isoformat()}
                for stored in in_force
            ]
        },
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
        yield cap.Finding(
            code="reference-unknown",
            severity=cap.Level.WARNING,
            path="/alert/references",
            line=None,
            message=f"{reference.identifier} is not known here; nothing is replaced or ended by its name.",
            message_de=f"{reference.identifier} ist hier nicht bekannt; unter diesem Namen wird nichts ersetzt oder "
            "aufgehoben.",
        )


def _still_in_force(survivors: Sequence[StoredAlert]) -> tuple[cap.Finding, ...]:
    return tuple(
        cap.Finding(
            code="still-in-force",
            severity=cap.Level.WARNING,
            path="/alert/references",
            line=None,
            message=f"{stored.identifier} belongs to the same event, is not named, and stays in force.",
            message_de=f"{stored.identifier} ({stored.headline}) gehört zum selben Vorgang, ist nicht genannt und "
            "gilt weiter.",
        )
        for stored in survivors
    )


def target_findings(matched: Match) -> tuple[cap.Finding, ...]:
    """Return what the sender should know of an area that was accepted all the same: codes that led nowhere, repairs."""
    unmatched = [
        cap.Finding(
            code="target-unmatched",
            severity=cap.Level.WARNING,
            path="/alert/info/area",
            line=None,
            message=f"{item.kind} {item.value}: {item.reason}; nobody is warned on its account.",
            message_de=f"{item.value} trifft keine bekannte Gemeinde; deswegen wird niemand gewarnt.",
        )
        for item in matched.unmatched
    ]
    notes = [
        cap.Finding(
            code="target-note",
            severity=cap.Level.WARNING,
            path="/alert/info/area",
            line=None,
            message=note,
            message_de=f"Zum Gebiet: {note}.",
        )
        for note in matched.notes
    ]
    return (*unmatched, *notes)


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
