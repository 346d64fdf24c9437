"""Define what can be wrong with a request, in the form of RFC 9457. Titles are stable; `detail` is a sentence for the
duty officer. Both are German and English.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from dispatcher.model.sentences.sentence import Said

URN: Final = "urn:cap-dispatcher:problem:"
"""What the `type` of a problem begins with; a `ProblemType` follows."""


class ProblemType(StrEnum):
    """Stable codes; the HTTP status belonging to each is in `STATUS`."""

    UNAUTHENTICATED = "unauthenticated"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    TOO_LARGE = "too-large"
    INCOMPLETE = "incomplete"
    MALFORMED = "malformed"
    INVALID_CAP = "invalid-cap"
    TOO_COMPLEX = "too-complex"
    NOT_ONE_ALERT = "not-one-alert"
    SENDER_NOT_ALLOWED = "sender-not-allowed"
    WRONG_ENVIRONMENT = "wrong-environment"
    SENT_IN_FUTURE = "sent-in-future"
    EXPIRES_TOO_LATE = "expires-too-late"
    SEVERAL_TEXTS = "several-texts"
    NO_AREA = "no-area"
    AREA_UNMATCHED = "area-unmatched"
    OUTSIDE_TERRITORY = "outside-territory"
    UNKNOWN_REFERENCE = "unknown-reference"
    FOREIGN_REFERENCE = "foreign-reference"
    REFERENCE_REPLACED = "reference-replaced"
    IDENTITY_REUSED = "identity-reused"
    MALFORMED_REPORT = "malformed-report"
    INVALID_TEMPLATE = "invalid-template"
    INVALID_WEBHOOK = "invalid-webhook"
    WEBHOOK_TAKEN = "webhook-taken"
    CONFLICT = "conflict"
    INVALID_SUBSCRIBER = "invalid-subscriber"
    CODE_REFUSED = "code-refused"
    SIGN_UPS_CLOSED = "sign-ups-closed"
    RATE_LIMITED = "rate-limited"
    INVALID_REQUEST = "invalid-request"
    NOT_FOUND = "not-found"
    PRECONDITION_FAILED = "precondition-failed"
    QUOTA_EXCEEDED = "quota-exceeded"
    OVERLOADED = "overloaded"
    RECORD_UNAVAILABLE = "record-unavailable"
    NOTHING_KNOWN_YET = "nothing-known-yet"
    INTERNAL = "internal-error"


STATUS = {
    ProblemType.UNAUTHENTICATED: 401,
    ProblemType.UNSUPPORTED_MEDIA_TYPE: 415,
    ProblemType.TOO_LARGE: 413,
    ProblemType.INCOMPLETE: 408,
    ProblemType.MALFORMED: 400,
    ProblemType.INVALID_CAP: 422,
    ProblemType.TOO_COMPLEX: 422,
    ProblemType.NOT_ONE_ALERT: 422,
    ProblemType.SENDER_NOT_ALLOWED: 403,
    ProblemType.WRONG_ENVIRONMENT: 403,
    ProblemType.SENT_IN_FUTURE: 422,
    ProblemType.EXPIRES_TOO_LATE: 422,
    ProblemType.SEVERAL_TEXTS: 422,
    ProblemType.NO_AREA: 422,
    ProblemType.AREA_UNMATCHED: 422,
    ProblemType.OUTSIDE_TERRITORY: 403,
    ProblemType.UNKNOWN_REFERENCE: 422,
    ProblemType.FOREIGN_REFERENCE: 403,
    ProblemType.REFERENCE_REPLACED: 409,
    ProblemType.IDENTITY_REUSED: 409,
    ProblemType.MALFORMED_REPORT: 400,
    ProblemType.INVALID_TEMPLATE: 422,
    ProblemType.INVALID_WEBHOOK: 422,
    ProblemType.WEBHOOK_TAKEN: 409,
    ProblemType.CONFLICT: 409,
    ProblemType.INVALID_SUBSCRIBER: 422,
    ProblemType.CODE_REFUSED: 422,
    ProblemType.SIGN_UPS_CLOSED: 503,
    ProblemType.RATE_LIMITED: 429,
    ProblemType.INVALID_REQUEST: 422,
    ProblemType.NOT_FOUND: 404,
    ProblemType.PRECONDITION_FAILED: 412,
    ProblemType.QUOTA_EXCEEDED: 429,
    ProblemType.OVERLOADED: 503,
    ProblemType.RECORD_UNAVAILABLE: 503,
    ProblemType.NOTHING_KNOWN_YET: 503,
    ProblemType.INTERNAL: 500,
}

TITLE = {
    ProblemType.UNAUTHENTICATED: Said("Kein gültiger API-Schlüssel", "No valid API key"),
    ProblemType.UNSUPPORTED_MEDIA_TYPE: Said(
        "Der Inhalt muss application/cap+xml sein", "The body must be application/cap+xml"
    ),
    ProblemType.TOO_LARGE: Said("Der Inhalt ist größer als erlaubt", "The body is larger than allowed"),
    ProblemType.INCOMPLETE: Said("Der Inhalt kam nicht vollständig an", "The body did not arrive completely"),
    ProblemType.MALFORMED: Said("Der Inhalt ist nicht als CAP lesbar", "The body cannot be read as CAP"),
    ProblemType.INVALID_CAP: Said("Die Meldung verletzt Regeln von CAP", "The message breaks rules of CAP"),
    ProblemType.TOO_COMPLEX: Said(
        "Die Meldung ist zu aufwendig zu lesen", "Reading the message takes more than it may"
    ),
    ProblemType.NOT_ONE_ALERT: Said(
        "Der Inhalt muss genau eine Meldung sein", "The body must hold exactly one alert"
    ),
    ProblemType.SENDER_NOT_ALLOWED: Said(
        "Der Schlüssel gilt nicht für diesen CAP-Absender", "The API key does not speak for this CAP sender"
    ),
    ProblemType.WRONG_ENVIRONMENT: Said(
        "Übung und Ernstfall sind getrennt", "Exercises and warnings are kept apart"
    ),
    ProblemType.SENT_IN_FUTURE: Said(
        "Die Sendezeit liegt in der Zukunft", "The message was sent in the future"
    ),
    ProblemType.EXPIRES_TOO_LATE: Said(
        "Die Meldung soll zu lange gelten", "The message is to hold for too long"
    ),
    ProblemType.SEVERAL_TEXTS: Said(
        "Die Meldung sagt verschiedenen Orten Verschiedenes",
        "The message says different things to different places",
    ),
    ProblemType.NO_AREA: Said("Die Meldung nennt kein Gebiet", "The message names no area"),
    ProblemType.AREA_UNMATCHED: Said(
        "Ein Teil des Gebiets trifft keine bekannte Gemeinde",
        "Part of the area matches no known municipality",
    ),
    ProblemType.OUTSIDE_TERRITORY: Said(
        "Das Gebiet reicht über die Zuständigkeit hinaus", "The area reaches beyond the source's territory"
    ),
    ProblemType.UNKNOWN_REFERENCE: Said(
        "Die Meldung bezieht sich auf nichts Bekanntes", "The message refers to nothing known"
    ),
    ProblemType.FOREIGN_REFERENCE: Said(
        "Die Meldung bezieht sich auf die eines anderen Absenders",
        "The message refers to another sender's alert",
    ),
    ProblemType.REFERENCE_REPLACED: Said(
        "Was die Meldung aufhebt, ist schon ersetzt", "What the message ends has been replaced"
    ),
    ProblemType.IDENTITY_REUSED: Said(
        "Die Kennung ist schon für anderen Inhalt vergeben", "This identity was used for other content"
    ),
    ProblemType.MALFORMED_REPORT: Said(
        "Der Inhalt ist nicht als Zustellbericht lesbar", "The body cannot be read as a delivery report"
    ),
    ProblemType.INVALID_TEMPLATE: Said(
        "Die Vorlage lässt sich so nicht verwenden", "The template cannot be used like this"
    ),
    ProblemType.INVALID_WEBHOOK: Said(
        "So kann der Webhook nicht eingetragen werden", "The webhook cannot be registered so"
    ),
    ProblemType.WEBHOOK_TAKEN: Said(
        "Die Adresse ist für jemand anderen eingetragen", "The URL is registered for somebody else"
    ),
    ProblemType.CONFLICT: Said(
        "Das passt nicht zum jetzigen Stand", "That does not fit how things stand now"
    ),
    ProblemType.INVALID_SUBSCRIBER: Said("So kann man nicht abonnieren", "Nobody can subscribe like this"),
    ProblemType.CODE_REFUSED: Said("Dieser Code gilt nicht", "This code is not valid"),
    ProblemType.SIGN_UPS_CLOSED: Said("Gerade kann niemand neu abonnieren", "Nobody can subscribe now"),
    ProblemType.RATE_LIMITED: Said("Zu oft verlangt", "Asked for too often"),
    ProblemType.INVALID_REQUEST: Said(
        "Die Angaben der Anfrage sind ungültig", "The request's parameters are not valid"
    ),
    ProblemType.NOT_FOUND: Said("Nicht gefunden", "Not found"),
    ProblemType.PRECONDITION_FAILED: Said(
        "Das Dokument ist ein anderes als verlangt", "The document is another one than asked for"
    ),
    ProblemType.QUOTA_EXCEEDED: Said(
        "Der Zugang hat zu viele Warnungen eingereicht", "The source has submitted too many warnings"
    ),
    ProblemType.OVERLOADED: Said("Gerade wird zu viel zugleich verlangt", "Too much is asked for now"),
    ProblemType.RECORD_UNAVAILABLE: Said(
        "Der Bestand ist gerade nicht erreichbar", "The record cannot be reached now"
    ),
    ProblemType.NOTHING_KNOWN_YET: Said(
        "Noch ist nicht bekannt, welche Warnungen gelten", "Which warnings are in force is not known yet"
    ),
    ProblemType.INTERNAL: Said("Interner Fehler", "Internal error"),
}


class RequestRefused(Exception):
    """The request was refused: nothing was accepted and nothing will be sent. `errors` lists every single finding."""

    def __init__(
        self,
        type_: ProblemType,
        detail: Said,
        errors: tuple[dict[str, object], ...] = (),
        extra: dict[str, object] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        """`retry_after_s`: from when on the same request may be accepted."""
        super().__init__(type_)
        self.type = type_
        self.detail = detail
        self.errors = errors
        self.extra = extra or {}
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.type, self.detail, self.errors, self.extra, self.retry_after_s)

    @property
    def status(self) -> int:
        return STATUS[self.type]
