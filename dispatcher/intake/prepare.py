"""Prepare a message for the decision, whichever door it came through: common terms, default language, municipalities,
target, doubts. Pure.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import cap
from cap.profiles import facts, normalise
from cap.severity import highest_severity
from cap.signatures.verification import Verdict, verify
from dispatcher.intake.local_texts import differs_by_place
from dispatcher.intake.meaning import ACTS_ON_OTHERS, expiry, infos_beyond, is_ending
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.vocabulary import (
    AUTHENTICITY_DOUBTS,
    FEED_PREFIX,
    Doubt,
    Environment,
    environment_of,
)
from dispatcher.targeting.match import DEFAULT_MATCHING_RULE, match
from dispatcher.targeting.outcome import Beyond, Match, MatchProfile
from dispatcher.targeting.target import target_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cap.profiles.profile import Facts
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.readers.readers import ReaderStopped
    from dispatcher.targeting.rule import MatchingRule

FUTURE_TOLERANCE = timedelta(minutes=5)
"""How far a feed's `sent` may lie ahead of the record's clock before the message is held."""
LONGEST_LIFETIME = timedelta(days=30)
"""How far `expires` may lie ahead of the record's clock. The longest warnings of weather, floods and drinking water
hold for some weeks, and are renewed."""
NAME_MAX = 255
"""Characters that a name may have. CAP sets no limit; the record's index does, at about 2,700 bytes."""
CREDIT_LENGTH = 400
"""Characters of an attribution that the record keeps; the rest is cut off."""


NO_MATCH = Match(())
NEVER = datetime.max.replace(tzinfo=UTC)

_OF_TIME = (Doubt.CLOCK, Doubt.LIFETIME)


class OnDoubt(StrEnum):
    """What becomes of a message that must not go out by itself."""

    REFUSE = "refuse"
    """Its sender reads the refusal and mends it: control centres."""
    HOLD = "hold"
    """Nobody is there to read a refusal, so a person decides: feeds."""


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """What messages do not say themselves of the source from which they come, and what they may do by themselves."""

    source_id: str
    """The source's id in the record."""
    environment: Environment = Environment.LIVE
    """What a control centre's credential is for: it submits nothing that is of the other one."""
    on_doubt: OnDoubt = OnDoubt.HOLD
    territory: tuple[str, ...] = ()
    """AGS prefixes; none: every municipality of the boundary data."""
    is_bounded: bool = False
    """Whether the territory is that of a person's role: then it binds for what the source itself warned of, too."""
    senders: frozenset[str] = frozenset()
    """CAP senders it may carry; none: any, none of which is then proved."""
    severities: frozenset[cap.Severity] = frozenset(cap.Severity)
    """Severities of infos with which messages go out by themselves; with any other they are held for a person."""
    statuses: frozenset[cap.Status] = frozenset({cap.Status.ACTUAL})
    """Only Actual ever reaches the public; without it here, every message is held for a person."""
    default_lifetime: timedelta = timedelta(hours=12)
    """How long a message holds that does not say, and how old one may be to be a first notice."""
    longest_lifetime: timedelta = LONGEST_LIFETIME
    default_language: str = "de-DE"
    """The language of infos that name none; empty: CAP's own, which is en-US."""
    future_tolerance: timedelta = FUTURE_TOLERANCE
    signature_required: bool = False
    received_at: datetime | None = None
    """As of when signatures are verified; None: as of the intake. What came earlier, and lay aside, stays proved when
    its certificate has ended since."""
    may_flash: bool = True
    """Whether its gravest messages travel in the most urgent lane."""
    quota: int = 0
    """How many warnings it may submit in an hour; 0: any number."""
    corrects: bool = False
    """Whether the message takes back a warning that was wrong."""
    pins: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    """PEM certificates by CAP sender."""
    attribution: str = ""
    profile: MatchProfile = MatchProfile(beyond=Beyond.NOTE, nationwide=True)  # noqa: RUF009 - frozen

    @property
    def feed(self) -> str:
        """Return the name of the feed whose messages these are."""
        return self.source_id.removeprefix(FEED_PREFIX)

    def may_warn(self, ags: str) -> bool:
        """Whether the municipality lies in the territory."""
        return not self.territory or ags.startswith(self.territory)


def feed_rules(feed: str, **rules: Any) -> IntakeRules:
    """Return the rules of a feed of this name."""
    return IntakeRules(FEED_PREFIX + feed, **rules)


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
    doubts: tuple[Doubt, ...]
    expires: datetime
    incoming: Incoming
    target: bytes = b""
    """What its shapes cover of what this installation serves, as WKB in EPSG:3035."""
    matched: Match = NO_MATCH
    proved: bool = False
    """Whether it is proved who wrote it."""
    latest_end: datetime = NEVER
    """The latest `expires` that a message of its source may have now."""

    @property
    def environment(self) -> Environment:
        """Return what it is: the real thing, or an exercise."""
        return environment_of(self.alert.status)

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

    @property
    def acts(self) -> bool:
        """Whether it changes or ends the messages which its references name."""
        return self.alert.msg_type in ACTS_ON_OTHERS

    @property
    def is_doubtful(self) -> bool:
        """Whether it is in doubt who wrote it, or when."""
        return any(doubt in AUTHENTICITY_DOUBTS for doubt in self.doubts)

    @property
    def may_concern(self) -> bool:
        """Whether it concerns somebody here, or nobody can tell: as one that acts on others and names no area."""
        names_area = any(True for _ in self.alert.areas())
        return bool(self.places) or Doubt.AREA in self.doubts or (self.acts and not names_area)

    def at(self, now: datetime, rules: IntakeRules) -> Message:
        """Return the message as it is at another time, by which clock and validity are judged."""
        doubts = [doubt for doubt in self.doubts if doubt not in _OF_TIME]
        return replace(
            self,
            doubts=(*doubts, *_of_time(self.alert, self.sent, now, rules)),
            expires=expiry(self.alert, now, rules.default_lifetime),
            latest_end=now + rules.longest_lifetime,
        )

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

    def __reduce__(self) -> tuple[object, ...]:  # a reader in another process returns it
        return type(self), (self.code, self.detail)


def prepare_each(
    boundaries: Boundaries, incoming: Sequence[Incoming], context: tuple[IntakeRules, datetime]
) -> list[Message | Unusable]:
    """Return each message of a feed, or why it is none: nothing that nobody foresaw in one drops the others."""
    rules, now = context
    return [_prepared(one, rules, boundaries, now) for one in incoming]


def _prepared(
    incoming: Incoming, rules: IntakeRules, boundaries: Boundaries, now: datetime
) -> Message | Unusable:
    try:
        return prepare(incoming, rules, boundaries, now)
    except Unusable as unusable:
        return unusable
    except Exception as error:  # noqa: BLE001 - an unforeseen message never drops the others; it is kept
        return Unusable("unforeseen", type(error).__name__)


def too_complex(stopped: ReaderStopped) -> Unusable:
    """Return what a message is that stopped its reader."""
    return Unusable("too-complex", f"Reading it was stopped: {stopped.reason}.")


def too_long_names(alert: cap.Alert) -> list[str]:
    """Return the senders and identifiers, also in references, that no index of the record takes."""
    names = [alert.sender, alert.identifier]
    names += [name for ref in alert.references for name in (ref.sender, ref.identifier)]
    return [name for name in names if len(name) > NAME_MAX]


def prepare(incoming: Incoming, rules: IntakeRules, boundaries: Boundaries, now: datetime) -> Message:
    """Prepare a message. Raises `Unusable` for one without identity, or whose status, scope or type nobody can read."""
    errors = [
        finding for finding in cap.check(incoming.alert, cap.LENIENT) if finding.severity is cap.Level.ERROR
    ]
    if errors:
        raise Unusable(errors[0].code, errors[0].message)
    trusted, doubts, signed = _trusted(incoming, rules, now)
    alert = _in_default_language(normalise(trusted), rules.default_language)
    sent = alert.sent
    if sent is None or not alert.sender or not alert.identifier:
        raise Unusable(
            "identity-missing", "The message does not say who sent it, when, and under which name."
        )
    if too_long_names(alert):
        raise Unusable("name-too-long", f"A sender or identifier has more than {NAME_MAX} characters.")
    rule = DEFAULT_MATCHING_RULE.asked(
        rules.profile.inset_m, highest_severity(alert) if rules.profile.by_severity else None
    )
    matched = match_areas(alert, boundaries, rule, rules.profile)
    places = tuple(
        AffectedMunicipality(place.ags, place.name, str(place.reason), place.share)
        for place in matched.affected
        if rules.may_warn(place.ags)
    )
    doubts += _of_time(alert, sent, now, rules)
    if matched.held and not places and (alert.infos or alert.msg_type not in ACTS_ON_OTHERS):
        doubts.append(Doubt.AREA)
    if differs_by_place(alert):
        doubts.append(Doubt.SEVERAL_TEXTS)
    doubts += _policy(alert, rules)
    return Message(
        alert,
        sent,
        facts(alert),
        places,
        tuple(doubts),
        expiry(alert, now, rules.default_lifetime),
        incoming,
        target_of(
            matched,
            boundaries,
            {place.ags for place in places},
            rules.may_warn if rules.territory else None,
        ),
        matched,
        proved=signed or alert.sender in rules.senders,
        latest_end=now + rules.longest_lifetime,
    )


def _of_time(alert: cap.Alert, sent: datetime, now: datetime, rules: IntakeRules) -> list[Doubt]:
    """Return the doubts that depend on the clock, by which the message is judged again when it is decided upon."""
    applies = {
        Doubt.CLOCK: sent > now + rules.future_tolerance,
        Doubt.LIFETIME: bool(infos_beyond(alert, now + rules.longest_lifetime)),
    }
    return [doubt for doubt in _OF_TIME if applies[doubt]]


def match_areas(alert: cap.Alert, boundaries: Boundaries, rule: MatchingRule, profile: MatchProfile) -> Match:
    """Match the areas of a message, in whatever terms its profile names them."""
    return match(list(normalise(alert).areas()), boundaries, rule=rule, profile=profile)


def _trusted(incoming: Incoming, rules: IntakeRules, now: datetime) -> tuple[cap.Alert, list[Doubt], bool]:
    """Return what may be trusted of the message, which is only what a valid signature covers, where there is one; the
    doubts about its author; and whether a signature proves it.
    """
    alert, doubts = incoming.alert, []
    if rules.senders and alert.sender not in rules.senders:
        doubts.append(Doubt.SENDER)
    if not (rules.signature_required or (alert.signatures and alert.sender in rules.pins)):
        return alert, doubts, False
    try:
        verification = verify(incoming.original, rules.pins, rules.received_at or now)
    except cap.CapError:  # not a bare alert: nothing to verify
        return alert, [*doubts, Doubt.SIGNATURE], False
    if verification.verdict is Verdict.VALID and verification.alert is not None:
        return verification.alert, doubts, True
    if rules.signature_required or verification.verdict is Verdict.INVALID:
        doubts.append(Doubt.SIGNATURE)
    return alert, doubts, False


def _policy(alert: cap.Alert, rules: IntakeRules) -> list[Doubt]:
    doubts = []
    if alert.status is cap.Status.ACTUAL and alert.status not in rules.statuses:
        doubts.append(Doubt.STATUS)
    if any(info.severity not in rules.severities for info in alert.infos):
        doubts.append(Doubt.SEVERITY)
    return doubts


def _in_default_language(alert: cap.Alert, language: str) -> cap.Alert:
    """Fill in the feed's language: CAP 1.2 reads a missing language as en-US, which is wrong for most feeds that leave
    it out.
    """
    if not language or all(info.language for info in alert.infos):
        return alert
    return replace(
        alert, infos=tuple(replace(info, language=info.language or language) for info in alert.infos)
    )


def credit(message: Message, rules: IntakeRules) -> str:
    """Return everything that must be shown beside the text, once."""
    lines = dict.fromkeys([*message.facts.attribution, *([rules.attribution] if rules.attribution else [])])
    return "; ".join(lines)[:CREDIT_LENGTH]
