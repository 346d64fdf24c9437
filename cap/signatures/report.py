"""Writes what `python -m cap verify` says about one file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cap.errors import CapError
from cap.formats.report import printable
from cap.parse.document import parse
from cap.signatures.verification import Verdict, Verification, verify


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """The verdict on the signature of one file as of `at`; `problem` says why there is none."""

    file: str
    at: datetime
    found: Verification | None = None
    problem: str = ""

    @property
    def is_valid(self) -> bool:
        return self.found is not None and self.found.verdict is Verdict.VALID


def verified(name: str, data: bytes, certificates: Sequence[bytes], at: datetime) -> SignatureReport:
    """Judges one bare alert as if these PEM certificates were pinned for its sender, whoever that is.

    Raises ValueError for one that is no certificate.
    """
    try:
        pins = {alert.sender: certificates for alert in parse(data).alerts}
        return SignatureReport(name, at, verify(data, pins, at))
    except CapError as error:
        return SignatureReport(name, at, problem=str(error))


def as_json(report: SignatureReport) -> str:
    """Writes one JSON object on one line."""
    found = report.found
    return json.dumps(
        {
            "file": report.file,
            "at": report.at.isoformat(),
            "verdict": found.verdict if found else "unreadable",
            "reason": _reason(report),
            "certificate_sha256": found.certificate if found else None,
            "re_indented": bool(found and found.stripped),
        },
        ensure_ascii=False,
    )


def as_line(report: SignatureReport) -> str:
    """Writes the verdict, the file, the time as of which it holds, and the certificate or the reason."""
    verdict = report.found.verdict if report.found else "unreadable"
    proof = f"by certificate SHA-256 {report.found.certificate}" if report.is_valid and report.found else ""
    why = proof or _reason(report)
    return printable(f"{verdict:12} {report.file} as of {report.at.isoformat()}: {why}")


def _reason(report: SignatureReport) -> str:
    return report.found.reason if report.found else report.problem
