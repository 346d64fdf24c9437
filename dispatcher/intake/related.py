"""Work out which messages of record a message concerns: the same one from elsewhere, what it names and that one's
ancestors, what names it. Pure.

References make a graph. A message replaces or ends what it names and the ancestors of that, and nothing else: two
Updates of one Alert, for two places, are in force side by side.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cap.identifiers import without_language
from dispatcher.intake.meaning import ACTS_ON_OTHERS
from dispatcher.model.vocabulary import DISPATCHED, FEED_PREFIX, Reason

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence
    from datetime import datetime

    import cap
    from dispatcher.intake.prepare import Message
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert

WORLDWIDE = ("2.49.0.", "urn:oid:2.49.", "mow.", "kat.", "biw.", "lhp.", "pol.")
"""How identifiers begin that no two senders use for different things: WMO's object identifiers, and what NINA names.
Any other identifier is unique only together with its sender (CAP 1.2 section 3.2.1)."""
POWERLESS_REASONS = frozenset(
    {
        *(Reason.NOT_ACTUAL, Reason.NOT_PUBLIC, Reason.NOT_A_WARNING),
        *(Reason.HELD, Reason.DISCARDED, Reason.QUIET, Reason.ADVANCE, Reason.NO_LONGER_LISTED),
    }
)
"""A message recorded for one of these takes nothing away from the one it names."""
NEVER_TOLD = frozenset({Reason.HELD, Reason.DISCARDED, Reason.SUPERSEDED, Reason.EXPIRED})
"""An Update recorded for one of these may never have taken the place of what it names: whoever names it means that as
well."""


@dataclass(frozen=True, slots=True)
class RelatedState:
    """What the record knows about a message. Messages with a doubt about their author are in none of these.

    `same` is the newest content under its identity from its own source, or for a doubtful message the same content,
    whatever became of it; `copies` are those from other sources. `editions` have its event key and another identity.
    `succeeds` are those of these, by id, that it may replace. `named` is what it refers to and may act on. `later` is
    what refers to it and acts on it, and newer editions. `graph` is everything connected with all of them by
    references, in order of arrival; `replaced` has its edges, from each message to those which it replaces.
    `siblings` refer to something that the message refers to as well, of record or not. `equal_to` is another source's
    warning in force that says the same to the same people. `covering` are those copies and editions, by id, that told
    everybody whom this message is for. `beyond` is what it names of other sources beyond its own territory.
    `ended_places` are those of what the message ends, where it names none itself. `waiting` is what still waits for a
    person and is outdated by this message: what it replaces, and Updates of what it ends. All of these are of the
    message's own environment; `crossing` is what it names of the other one, and nothing of its own.
    """

    now: datetime
    source_id: str
    digest: bytes = b""
    same: StoredAlert | None = None
    copies: Sequence[StoredAlert] = ()
    editions: Sequence[StoredAlert] = ()
    succeeds: frozenset[str] = frozenset()
    named: Sequence[StoredAlert] = ()
    later: Sequence[StoredAlert] = ()
    siblings: Sequence[StoredAlert] = ()
    graph: Sequence[StoredAlert] = ()
    replaced: Mapping[str, frozenset[str]] = field(default_factory=dict)
    equal_to: StoredAlert | None = None
    covering: frozenset[str] = frozenset()
    beyond: Sequence[StoredAlert] = ()
    ended_places: tuple[AffectedMunicipality, ...] = ()
    crossing: Sequence[StoredAlert] = ()
    waiting: Sequence[StoredAlert] = ()

    @property
    def connected(self) -> list[StoredAlert]:
        """What becomes one graph with the message."""
        return [*self.direct, *self.later, *self.siblings]

    @property
    def direct(self) -> list[StoredAlert]:
        """What the message replaces itself: other contents and editions of it, and what it names."""
        own = [self.same] if self.same is not None else []
        own += [stored for stored in (*self.copies, *self.editions) if stored.id in self.succeeds]
        return list({stored.id: stored for stored in (*own, *self.named)}.values())

    @property
    def replaces(self) -> list[StoredAlert]:
        """What the message replaces or ends: itself and by its ancestors."""
        known = {stored.id: stored for stored in (*self.graph, *self.direct)}
        found = reachable([stored.id for stored in self.direct], self.replaced)
        return [stored for alert_id, stored in known.items() if alert_id in found]

    @property
    def replaced_alerts(self) -> tuple[list[str], list[str]]:
        """Return the graphs that become one with the message, and what it replaces or ends, by their ids."""
        return sorted({stored.chain_id for stored in self.connected}), [one.id for one in self.replaces]

    @property
    def standing(self) -> list[StoredAlert]:
        """Which of them hold until this message comes: people are warned by them, or would be if no equal one stood
        in for them.
        """
        return [stored for stored in self.replaces if stands(stored, self.now)]

    @property
    def successors(self) -> list[StoredAlert]:
        """Which of the survivors replaced something that this message names: it does not end them."""
        replaced = {stored.id for stored in self.replaces}
        above = self.above(replaced) - replaced
        return [stored for stored in self.survivors if stored.id in above]

    def above(self, start: Iterable[str]) -> set[str]:
        """Return `start` and all of the graph that replaced any of it, itself or by others."""
        upwards: dict[str, set[str]] = {}
        for later, earlier in self.replaced.items():
            for one in earlier:
                upwards.setdefault(one, set()).add(later)
        return reachable(start, upwards)

    @property
    def survivors(self) -> list[StoredAlert]:
        """Which warnings of the graph stay in force beside this message, or which exercises beside an exercise."""
        gone = {stored.id for stored in self.replaces}
        return [stored for stored in self.graph if _goes_on(stored, self.now) and stored.id not in gone]


def stands(stored: StoredAlert, now: datetime) -> bool:
    """Whether a message can be replaced or ended: it is in force, or waits behind an equal one that is; or it is an
    exercise that goes on.
    """
    waits = stored.reason is Reason.MERGED and stored.stopped_by is None and stored.expires > now
    return waits or _goes_on(stored, now)


def _goes_on(stored: StoredAlert, now: datetime) -> bool:
    return stored.is_in_force(now) or stored.is_open_drill(now)


def reachable(start: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Return `start` and all that edges lead to from there."""
    waiting = list(start)
    found = set(waiting)
    while waiting:
        for following in edges.get(waiting.pop(), ()):
            if following not in found:
                found.add(following)
                waiting.append(following)
    return found


def is_worldwide(key: str) -> bool:
    """Whether the event key alone says which message is meant, whatever sender publishes it."""
    return key.startswith(WORLDWIDE)


def reference_keys(references: tuple[cap.Reference, ...]) -> tuple[str, ...]:
    """Return the event key that all editions of each referenced message share."""
    return tuple(without_language(reference.identifier) for reference in references)


def may_act(message: Message, source_id: str, stored: StoredAlert, carried: Container[str] = ()) -> bool:
    """Whether the message may replace or end one that it names: its own source's, or one that its own feed carried too
    (`carried`, by id), if it has the same sender or is named in full; another source's only if the author is proved,
    and with the same sender or, among feeds, under a name that is unique worldwide.
    """
    if stored.proved > message.proved:
        return False
    if stored.source_id == source_id or stored.id in carried:
        in_full = {(ref.sender, ref.identifier) for ref in message.references}
        return (
            stored.sender == message.alert.sender
            or (stored.sender, stored.identifier) in in_full
            or is_worldwide(stored.event_key)
        )
    if not message.proved:
        return False
    if stored.sender == message.alert.sender:
        return True
    both_feeds = stored.source_id.startswith(FEED_PREFIX) and source_id.startswith(FEED_PREFIX)
    return both_feeds and is_worldwide(stored.event_key)


def may_act_on(stored: StoredAlert, message: Message, source_id: str, copies: Iterable[StoredAlert]) -> bool:
    """Whether a recorded message that names this one replaces or ends it, by the same rules, within the territory of
    its own source; but a message means first what its own source sent under that name.
    """
    if stored.msg_type not in ACTS_ON_OTHERS or stored.reason in POWERLESS_REASONS or not stored.has_power:
        return False
    if message.proved > stored.proved:
        return False
    if stored.source_id == source_id:
        return True
    if not stored.proved or any(copy.source_id == stored.source_id for copy in copies):
        return False
    if not stored.may_reach(message.places):
        return False
    both_feeds = stored.source_id.startswith(FEED_PREFIX) and source_id.startswith(FEED_PREFIX)
    return stored.sender == message.alert.sender or (both_feeds and is_worldwide(message.facts.key))


def resolve(
    message: Message,
    source_id: str,
    candidates: Sequence[StoredAlert],
    carried: Container[str] = (),
    *,
    lenient: bool,
) -> list[StoredAlert]:
    """Return what the message's references mean among `candidates`, which it may act on.

    A reference gives sender, identifier and instant. It means first what the same source sent. `lenient`: a reference
    whose instant fits none means what was sent under that name before; feeds are not always exact.
    """
    if message.alert.msg_type not in ACTS_ON_OTHERS:
        return []
    allowed = [
        stored for stored in candidates if stored.has_power and may_act(message, source_id, stored, carried)
    ]
    found: dict[str, StoredAlert] = {}
    for reference in message.references:
        meant = _meant(reference, message, allowed, lenient=lenient)
        found |= {stored.id: stored for stored in _own_first(meant, source_id)}
    return list(found.values())


def _own_first(meant: Sequence[StoredAlert], source_id: str) -> list[StoredAlert]:
    """Return what a control centre's reference means: what it sent itself, and feeds' copies of that; what another
    control centre sent only where it sent nothing itself.
    """
    own = any(stored.source_id == source_id for stored in meant)
    if source_id.startswith(FEED_PREFIX) or not own:
        return list(meant)
    return [
        stored
        for stored in meant
        if stored.source_id == source_id or stored.source_id.startswith(FEED_PREFIX)
    ]


def _meant(
    reference: cap.Reference, message: Message, allowed: Sequence[StoredAlert], *, lenient: bool
) -> list[StoredAlert]:
    key = without_language(reference.identifier)
    named = [
        stored
        for stored in allowed
        if (stored.identifier == reference.identifier and reference.sender in ("", stored.sender))
        or (
            lenient
            and stored.event_key == key != ""
            and (is_worldwide(key) or stored.sender == reference.sender)
        )
    ]
    exact = [stored for stored in named if reference.sent is not None and stored.sent == reference.sent]
    earlier = [stored for stored in named if stored.sent <= message.sent]
    if not lenient:
        return exact if reference.sent is not None else earlier
    if not exact:
        return earlier
    return [*exact, *(stored for stored in earlier if stored.identifier != reference.identifier)]


def is_newer_edition(stored: StoredAlert, message: Message, source_id: str) -> bool:
    """Whether the stored edition of the same message is newer, goes out or has gone out, and may replace it: it is of
    the same source, or its author is proved.
    """
    goes_out = stored.reason in DISPATCHED and stored.reason is not Reason.NO_LONGER_LISTED
    if not goes_out or stored.sent <= message.sent:
        return False
    if stored.source_id == source_id:
        return stored.proved >= message.proved
    return stored.proved and stored.may_reach(message.places)
