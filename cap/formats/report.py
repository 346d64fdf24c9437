"""Writes what `python -m cap check` says about one alert."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from cap.errors import CapError
from cap.findings import Finding, Level, is_valid
from cap.model import Document, Identity
from cap.policy import Policy
from cap.profiles import check_profiles
from cap.rules.validation import check, check_container


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
        found.append(Report(name, index, alert.identity, findings))
    return found


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


def as_sentences(report: Report, language: str = "en") -> Iterator[str]:
    for finding in report.findings:
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
