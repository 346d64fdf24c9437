"""Require what a submission must fulfil beyond CAP's own rules. Pure; each function raises `RequestRefused` with the
list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cap
from dispatcher.intake.local_texts import differs_by_place
from dispatcher.model.problems import ProblemType, RequestRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.access.principals import Principal
    from dispatcher.model.alerts import AffectedMunicipality
    from dispatcher.targeting.outcome import Match

NAME_MAX = 255
"""Characters that a sender or identifier may have. CAP sets no limit; the record's index does, at about 2,700 bytes."""
NAMED = 20
"""Municipalities that a sentence names at most, so that it stays one; all of them are in `municipalities`."""


def require_one_text(alert: cap.Alert) -> None:
    """Require CAP 1.2, names that fit, and one text for everybody."""
    if alert.version is not cap.Version.V1_2:
        raise RequestRefused(
            ProblemType.MALFORMED,
            f"Angenommen wird CAP 1.2; diese Meldung ist in CAP {alert.version} verfasst.",
        )
    names = [alert.sender, alert.identifier]
    names += [name for ref in alert.references for name in (ref.sender, ref.identifier)]
    if any(len(name) > NAME_MAX for name in names):
        raise RequestRefused(
            ProblemType.INVALID_CAP,
            f"Eine Kennung oder ein Absender, auch in <references>, hat mehr als {NAME_MAX} Zeichen.",
        )
    if differs_by_place(alert):
        raise RequestRefused(
            ProblemType.SEVERAL_TEXTS,
            "Mehrere <info> einer Sprache nennen verschiedene Gebiete. Bitte für jedes Gebiet eine eigene Meldung "
            "senden, damit niemand den Text für einen anderen Ort erhält.",
        )


def require_target(principal: Principal, areas: list[cap.Area], matched: Match) -> None:
    """Require an area, all of it known, within the territory."""
    if not areas:
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
    require_territory(principal, [(place.ags, place.name) for place in matched.affected], "Das Gebiet reicht")


def require_own_reach(principal: Principal, others: Sequence[AffectedMunicipality]) -> None:
    """Require the same of `others`: the places that other sources warned of in the chain which the message updates or
    ends.
    """
    beyond = dict.fromkeys((place.ags, place.name) for place in others)
    require_territory(principal, list(beyond), "Die Meldung, auf die sich diese bezieht, reicht")


def require_territory(principal: Principal, places: Sequence[tuple[str, str]], what: str) -> None:
    """Require that the principal may warn each of the municipalities."""
    foreign = [(ags, name) for ags, name in places if not principal.may_warn(ags)]
    if foreign:
        names = ", ".join(name for _, name in foreign[:NAMED])
        more = f" und {len(foreign) - NAMED} weitere" if len(foreign) > NAMED else ""
        raise RequestRefused(
            ProblemType.OUTSIDE_TERRITORY,
            f"{what} über die Zuständigkeit hinaus: {names}{more}.",
            extra={"municipalities": [{"ags": ags, "name": name} for ags, name in foreign]},
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
