"""Writes what `python -m cap check` says about one alert."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cap.errors import CapError
from cap.findings import Finding, Level, is_valid
from cap.model import Alert, Document, Identity
from cap.policy import Policy
from cap.profiles import check_profiles
from cap.rules.validation import check, check_container
from cap.vocabulary import MsgType, ResponseType


@dataclass(frozen=True, slots=True)
class Report:
    """The findings on one alert, or on a document without any.

    `index` counts the alerts of a document from 0; it is None for a document that holds none, could not be read, or
    whose container itself is at fault.
    """

    file: str
    index: int | None
    identity: Identity | None
    findings: tuple[Finding, ...]
    warns_nobody: bool = False
    """Whether it is a warning without any polygon, circle or code, whose place no machine can tell."""

    @property
    def is_valid(self) -> bool:
        return is_valid(self.findings)


def reports(name: str, document: Document, policy: Policy, *, with_profiles: bool = False) -> list[Report]:
    """Returns one report per alert, and one on the container if it holds no alert or has an error of its own."""
    found = []
    container = check_container(document, policy)
    if not document.alerts or not is_valid(container):
        found.append(Report(name, None, None, container))
    for index, alert in enumerate(document.alerts):
        findings = check(alert, policy)
        if with_profiles:
            findings = (*findings, *check_profiles(alert, policy))
        found.append(Report(name, index, alert.identity, findings, _warns_nobody(alert)))
    return found


def _warns_nobody(alert: Alert) -> bool:
    """Whether a warning names no target. What ends a warning needs none: it is for those who were warned."""
    clears = bool(alert.infos) and all(ResponseType.ALL_CLEAR in info.response_types for info in alert.infos)
    if alert.msg_type not in (MsgType.ALERT, MsgType.UPDATE) or clears:
        return False
    return not any(
        area.polygons or area.circles or area.geocodes or area.unreadable for area in alert.areas()
    )


def unreadable(name: str, error: CapError) -> Report:
    """Reports a document that yielded nothing; the error's own sentence is all there is to say."""
    return Report(
        name, None, None, (Finding(error.code, Level.ERROR, "", error.line, str(error), error.message_de),)
    )


def as_json(report: Report, language: str = "en") -> str:
    """Writes one JSON object on one line."""
    return json.dumps(
        {
            "file": report.file,
            "index": report.index,
            "identity": _identity(report.identity),
            "verdict": "valid" if report.is_valid else "invalid",
            "warns_nobody": report.warns_nobody,
            "problems": [
                {
                    "code": finding.code,
                    "severity": finding.severity,
                    "path": finding.path,
                    "line": finding.line,
                    "message": _message(finding, language),
                }
                for finding in report.findings
            ],
        },
        ensure_ascii=False,
    )


def _identity(identity: Identity | None) -> list[str | None] | None:
    if identity is None:
        return None
    sent = identity.sent.isoformat() if identity.sent else None
    return [identity.sender, identity.identifier, sent]


def as_line(report: Report) -> str:
    """Writes the verdict, the file, the message's identity, and the codes and lines of its errors."""
    verdict = "valid  " if report.is_valid else "INVALID"
    place = report.file if report.index is None else f"{report.file}#{report.index}"
    name = ",".join(part or "?" for part in _identity(report.identity) or ["no alert"])
    errors = [finding for finding in report.findings if finding.severity is Level.ERROR]
    wrong = "; ".join(f"{finding.code}:{finding.line or '-'}" for finding in errors)
    return printable(f"{verdict} {place} {name} {wrong}".rstrip())


NO_TARGET: Final = {
    "en": "This is valid CAP, but names no polygon, circle or code: it warns nobody, and a dispatcher refuses it.",
    "de": "Das ist gültiges CAP, nennt aber weder Polygon noch Kreis noch Schlüssel: Es warnt niemanden, und ein "
    "Warndienst lehnt es ab.",
}


def as_sentences(report: Report, language: str = "en", *, all_of_them: bool = True) -> Iterator[str]:
    """Yields what is wrong, a line each: all findings, or the errors alone; and that nobody is warned by it."""
    if report.warns_nobody and report.is_valid:
        yield NO_TARGET[language]
    for finding in report.findings:
        if not all_of_them and finding.severity is not Level.ERROR:
            continue
        line = f"line {finding.line}" if finding.line else "-"
        message = _message(finding, language)
        yield printable(f"{finding.severity:7} {line:10} {finding.code:24} {finding.path} {message}")


def _message(finding: Finding, language: str) -> str:
    return finding.message_de if language == "de" else finding.message


def printable(text: str) -> str:
    """Returns `text` without anything that could control a terminal: alerts come from strangers."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
