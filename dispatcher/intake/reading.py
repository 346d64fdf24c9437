"""Read a submission as far as that needs no record: parsed, checked, matched. Pure; it runs in a reader."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cap
from dispatcher.intake.prepare import Incoming, Message, prepare
from dispatcher.intake.requirements import (
    as_error,
    require_environment,
    require_names,
    require_target,
    target_findings,
)
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import Said, said
from dispatcher.readers.readers import ReadersBusy, ReaderStopped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.intake.prepare import IntakeRules


@dataclass(frozen=True, slots=True)
class ReadSubmission:
    """What was read. `refused` is set where it is to be refused; `message` then only where it was matched before."""

    message: Message | None = None
    findings: tuple[cap.Finding, ...] = ()
    refused: RequestRefused | None = None
    match_seconds: float = 0.0


def read_submission(
    boundaries: Boundaries, raw: bytes, rules: IntakeRules, limits: cap.Limits, now: datetime
) -> ReadSubmission:
    """Read one message of a source whose `rules` these are. Whether it was sent in the future is judged later, by the
    record's clock.
    """
    try:
        alert, findings = _valid(raw, rules, limits)
    except RequestRefused as refused:
        return ReadSubmission(refused=refused)
    started = time.perf_counter()
    message = prepare(Incoming(alert, raw), rules, boundaries, now)
    seconds = time.perf_counter() - started
    # The caller has the bytes.
    message = replace(message, incoming=replace(message.incoming, original=b""))
    try:
        require_target(rules, message)
    except RequestRefused as refused:
        return ReadSubmission(message, refused=refused, match_seconds=seconds)
    about_target = target_findings(message.matched, message.alert) if list(alert.areas()) else ()
    return ReadSubmission(message, (*findings, *about_target), match_seconds=seconds)


def _valid(raw: bytes, rules: IntakeRules, limits: cap.Limits) -> tuple[cap.Alert, tuple[cap.Finding, ...]]:
    alert = _parsed(raw, limits)
    findings = cap.check(alert, cap.STRICT)
    if not cap.is_valid(findings):
        raise RequestRefused(
            ProblemType.INVALID_CAP,
            said(Phrase.RULES_BROKEN),
            errors=tuple(as_error(finding) for finding in findings),
        )
    if alert.sender not in rules.senders:
        raise RequestRefused(
            ProblemType.SENDER_NOT_ALLOWED,
            said(Phrase.SENDER_NOT_ALLOWED, sender=alert.sender, allowed=", ".join(sorted(rules.senders))),
            extra={"sender": alert.sender},
        )
    require_environment(rules, alert)
    require_names(alert)
    return alert, findings


def _parsed(raw: bytes, limits: cap.Limits) -> cap.Alert:
    try:
        document = cap.parse(raw, limits)
    except cap.TooLarge as error:
        raise RequestRefused(
            ProblemType.TOO_LARGE, said(Phrase.MESSAGE_TOO_LARGE, why=_why(error))
        ) from error
    except cap.CapError as error:
        raise RequestRefused(
            ProblemType.MALFORMED,
            said(Phrase.MESSAGE_UNREADABLE, why=_why(error)),
            errors=(
                {
                    "code": error.code,
                    "path": "",
                    "line": error.line,
                    "message": str(error),
                    "message_de": error.message_de,
                },
            ),
        ) from error
    if document.kind != "alert" or len(document.alerts) != 1:
        raise RequestRefused(
            ProblemType.NOT_ONE_ALERT,
            said(Phrase.NOT_ONE_MESSAGE, count=len(document.alerts)),
        )
    return document.alerts[0]


def _why(error: cap.CapError) -> Said:
    return Said(error.message_de, str(error))


@contextmanager
def unread_refused() -> Iterator[None]:
    """Raise `RequestRefused` for what readers raise in the block: none was free, or the message stopped it."""
    try:
        yield
    except ReadersBusy:
        raise RequestRefused(
            ProblemType.OVERLOADED,
            said(Phrase.READERS_BUSY),
        ) from None
    except ReaderStopped as stopped:
        raise RequestRefused(
            ProblemType.TOO_COMPLEX,
            said(Phrase.MESSAGE_TOO_COMPLEX),
            extra={"reason": stopped.reason},
        ) from None
