"""Prepare a feed's message for the decision: common terms, default language, municipalities, doubts. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import cap
from cap.identifiers import without_language
from cap.profiles import facts, normalise
from cap.severity import highest_severity
from cap.signatures.verification import Verdict, verify
from dispatcher.intake.decide import expiry, is_ending
from dispatcher.intake.local_texts import differs_by_place
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.vocabulary import FEED_PREFIX
from dispatcher.targeting.match import DEFAULT_MATCHING_RULE, match
from dispatcher.targeting.outcome import Beyond, MatchProfile
from dispatcher.targeting.target import target_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cap.profiles.profile import Facts
    from dispatcher.boundaries.municipalities import Boundaries

FUTURE_TOLERANCE = timedelta(minutes=5)
"""How far a feed's `sent` may lie ahead of the record's clock before the message is held."""
CREDIT_LENGTH = 400
"""Characters of an attribution that the record keeps; the rest is cut off."""
WORLDWIDE = ("2.49.0.", "urn:oid:2.49.", "mow.", "kat.", "biw.", "lhp.", "pol.")
"""How identifiers begin that no two senders use for different things: WMO's object identifiers, and what NINA names.
Any other identifier is unique only together with its sender (CAP 1.2 section 3.2.1)."""


class HoldReason(StrEnum):
    """The reasons why a message is held for a person."""

    SIGNATURE = "signature"
    """The message is not proved by a pinned certificate although the feed's must be, or its signature is proved
    wrong."""
    SENDER = "sender"
    """The sender is not one of the CAP senders that the feed may carry."""
    CLOCK = "clock"
    """The message was sent in the future."""
    AREA = "area"
    """Nobody can tell which municipality it concerns."""
    SEVERAL_TEXTS = "several_texts"
    """It says different things to different places; one notice cannot."""
    STATUS = "status"
    SEVERITY = "severity"
    """Messages of this status or severity may not go out by themselves."""


AUTHENTICITY_DOUBTS = frozenset({HoldReason.SIGNATURE, HoldReason.SENDER, HoldReason.CLOCK})
"""These are doubts about the message itself: with one of them it may not end a warning either."""


@dataclass(frozen=True, slots=True)
class FeedRules:
    """What the configuration says of a feed and its messages do not, and what they may do by themselves."""

    feed: str
    territory: tuple[str, ...] = ()
    """AGS prefixes; none: every municipality of the boundary data."""
    senders: frozenset[str] = frozenset()
    """CAP senders it may carry; none: any."""
    severities: frozenset[cap.Severity] = frozenset(cap.Severity)
    """Severities of infos with which messages go out by themselves; with any other they are held for a person."""
    statuses: frozenset[cap.Status] = frozenset({cap.Status.ACTUAL})
    """Only Actual ever reaches the public; without it here, every message is held for a person."""
    default_lifetime: timedelta = timedelta(hours=12)
    default_language: str = "de-DE"
    signature_required: bool = False
    pins: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    """PEM certificates by CAP sender."""
    attribution: str = ""
    profile: MatchProfile = MatchProfile(beyond=Beyond.NOTE, nationwide=True)  # noqa: RUF009 - frozen

    @property
    def source_id(self) -> str:
        """Return the id that the feed has as a source of the record."""
        return FEED_PREFIX + self.feed


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as a feed delivered it: `alert` as it was read, `original` as it came."""

    alert: cap.Alert
    original: bytes
    geometry: bytes = b""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that is ready for the decision. `places` are those that this installation serves."""

    alert: cap.Alert
    sent: datetime
    facts: Facts
    places: tuple[AffectedMunicipality, ...]
    doubts: tuple[HoldReason, ...]
    expires: datetime
    incoming: Incoming
    target: bytes = b""
    """What its shapes cover of what this installation serves, as WKB in EPSG:3035."""

    @property
    def ends(self) -> bool:
        """Whether it means to end a warning."""
        return is_ending(self.alert)

    @property
    def open_ended(self) -> bool:
        """Whether it does not say itself until when it holds."""
        infos = self.alert.infos
        return not infos or any(info.expires is None for info in infos)

    @property
    def references(self) -> tuple[cap.Reference, ...]:
        """The messages that it acts on: CAP's references, and those that some profiles give elsewhere. Never itself."""
        more = tuple(cap.Reference("", identifier, None) for identifier in self.facts.replaced)
        return tuple(ref for ref in (*self.alert.references, *more) if not self._is_self(ref))

    def _is_self(self, reference: cap.Reference) -> bool:
        if reference.identifier != self.alert.identifier:
            return False
        return reference.sender in ("", self.alert.sender) and reference.sent in (None, self.sent)

    def render(self) -> tuple[bytes, bytes]:
        """Return CAP 1.2 as the record keeps and passes it on, and its SHA-256."""
        raw = cap.render(self.alert)
        return raw, hashlib.sha256(raw).digest()


class Unusable(Exception):
    """The message can be neither sent nor shown; it is kept, with the reason, for replay."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def prepare(incoming: Incoming, rules: FeedRules, boundaries: Boundaries, now: datetime) -> Message:
    """Prepare a message. Raises `Unusable` for one without identity, or whose status, scope or type nobody can read."""
    errors = [
        finding for finding in cap.check(incoming.alert, cap.LENIENT) if finding.severity is cap.Level.ERROR
    ]
    if errors:
        raise Unusable(errors[0].code, errors[0].message)
    trusted, doubts = _trusted(incoming, rules, now)
    alert = _in_default_language(normalise(trusted), rules.default_language)
    sent = alert.sent
    if sent is None or not alert.sender or not alert.identifier:
        raise Unusable(
            "identity-missing", "The message does not say who sent it, when, and under which name."
        )
    profile = rules.profile
    rule = DEFAULT_MATCHING_RULE.asked(
        profile.inset_m, highest_severity(alert) if profile.by_severity else None
    )
    matched = match(list(alert.areas()), boundaries, rule=rule, profile=profile)
    places = tuple(
        AffectedMunicipality(place.ags, place.name, str(place.reason), place.share)
        for place in matched.affected
        if not rules.territory or place.ags.startswith(rules.territory)
    )
    if sent > now + FUTURE_TOLERANCE:
        doubts.append(HoldReason.CLOCK)
    if matched.held and not places:
        doubts.append(HoldReason.AREA)
    if differs_by_place(alert):
        doubts.append(HoldReason.SEVERAL_TEXTS)
    doubts += _policy(alert, rules)
    expires = expiry(alert, now, rules.default_lifetime)
    target = target_of(matched, boundaries, {place.ags for place in places})
    return Message(alert, sent, facts(alert), places, tuple(doubts), expires, incoming, target)


def _trusted(incoming: Incoming, rules: FeedRules, now: datetime) -> tuple[cap.Alert, list[HoldReason]]:
    """Return what may be trusted of the message: only what a valid signature covers, where there is one."""
    alert, doubts = incoming.alert, []
    if rules.senders and alert.sender not in rules.senders:
        doubts.append(HoldReason.SENDER)
    if not (rules.signature_required or (alert.signatures and alert.sender in rules.pins)):
        return alert, doubts
    try:
        verification = verify(incoming.original, rules.pins, now)
    except cap.CapError:  # not a bare alert: nothing to verify
        return alert, [*doubts, HoldReason.SIGNATURE]
    if verification.verdict is Verdict.VALID and verification.alert is not None:
        return verification.alert, doubts
    if rules.signature_required or verification.verdict is Verdict.INVALID:
        doubts.append(HoldReason.SIGNATURE)
    return alert, doubts


def _policy(alert: cap.Alert, rules: FeedRules) -> list[HoldReason]:
    doubts = []
    if alert.status is cap.Status.ACTUAL and alert.status not in rules.statuses:
        doubts.append(HoldReason.STATUS)
    if any(info.severity not in rules.severities for info in alert.infos):
        doubts.append(HoldReason.SEVERITY)
    return doubts


def _in_default_language(alert: cap.Alert, language: str) -> cap.Alert:
    """Fill in the feed's language: CAP 1.2 reads a missing language as en-US, which is wrong for most feeds that leave
    it out.
    """
    if all(info.language for info in alert.infos):
        return alert
    return replace(
        alert, infos=tuple(replace(info, language=info.language or language) for info in alert.infos)
    )


def is_worldwide(key: str) -> bool:
    """Whether the event key alone says which message is meant, whatever sender publishes it."""
    return key.startswith(WORLDWIDE)


def credit(message: Message, rules: FeedRules) -> str:
    """Return everything that must be shown beside the text, once."""
    lines = dict.fromkeys([*message.facts.attribution, *([rules.attribution] if rules.attribution else [])])
    return "; ".join(lines)[:CREDIT_LENGTH]


def reference_keys(references: tuple[cap.Reference, ...]) -> tuple[str, ...]:
    """Return the event key that all editions of each referenced message share."""
    return tuple(without_language(reference.identifier) for reference in references)
