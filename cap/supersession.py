"""Finds out which earlier messages a message replaces or ends, and whether a later one already did that to it.

Messages form a graph by their references. Senders list the whole chain or only its last link, write one instant in
several zones, and arrive in any order; so a match goes by instant, then by identifier within the same sender, and
what a matched message itself replaced is replaced too.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from cap.formats.rendering import render
from cap.identifiers import without_language
from cap.model import Alert, Identity, Reference
from cap.vocabulary import MsgType, ResponseType


class Effect(StrEnum):
    """What a message does to earlier ones."""

    FIRST = "first"  # a new warning
    REPLACES = "replaces"  # an Update: what it names is void, its own content holds
    ENDS = "ends"  # a Cancel, or an Update whose every info says AllClear
    NONE = "none"  # Ack, Error, or a Cancel that names nothing
    REPEAT = "repeat"  # the same message once more
    CONFLICT = "conflict"  # the identity of a known message with other content


class MatchedBy(StrEnum):
    """What showed that a message is superseded."""

    NAMED = "named"  # by sender, identifier and instant
    IDENTIFIER = "identifier"  # by identifier alone, within the same sender
    KEY = "key"  # by the identifier without its language suffix
    CHAIN = "chain"  # a superseded message had superseded it


class Caveat(StrEnum):
    """A doubt about a resolution that an operator should know."""

    SELF = "self"  # the message names itself; that reference was left out
    NAMES_NOTHING = "names-nothing"  # an Update or Cancel without usable references
    AMBIGUOUS = "ambiguous"  # several unrelated chains end together
    FOREIGN = "foreign"  # it names another sender's message


@dataclass(frozen=True, slots=True)
class Node:
    """All that must be remembered of a message to relate later ones to it."""

    identity: Identity
    references: tuple[Reference, ...]
    effect: Effect
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Superseded:
    identity: Identity
    matched_by: MatchedBy


@dataclass(frozen=True, slots=True)
class Resolution:
    """`superseded` has the messages in order of discovery, the named ones first. `pending` are references to messages
    not seen yet: keep them, for such a message may arrive late and must then not be shown. `superseded_by` are later
    messages already known that replaced or ended this one.
    """

    effect: Effect
    superseded: tuple[Superseded, ...] = ()
    pending: tuple[Reference, ...] = ()
    superseded_by: tuple[Identity, ...] = ()
    caveats: tuple[Caveat, ...] = ()


def node_of(alert: Alert) -> Node:
    """Returns the alert's node in the graph. Its fingerprint depends on the content, not on the spelling."""
    return Node(alert.identity, alert.references, effect_of(alert), hashlib.sha256(render(alert)).hexdigest())


def effect_of(alert: Alert) -> Effect:
    """Returns what the message is meant to do, whether or not the messages it names are known."""
    if alert.msg_type is MsgType.ALERT:
        return Effect.FIRST
    if alert.msg_type is MsgType.CANCEL:
        return Effect.ENDS if alert.references else Effect.NONE
    if alert.msg_type is MsgType.UPDATE:
        cleared = [ResponseType.ALL_CLEAR in info.response_types for info in alert.infos]
        if cleared and all(cleared):
            return Effect.ENDS
        return Effect.REPLACES if alert.references else Effect.FIRST
    return Effect.NONE


def resolve(alert: Alert, known: Iterable[Node]) -> Resolution:
    """Relates `alert` to the messages already known, which may have arrived in any order. Pure."""
    node, others = node_of(alert), []
    for other in known:
        if other.identity == node.identity:
            same = other.fingerprint == node.fingerprint
            return Resolution(Effect.REPEAT if same else Effect.CONFLICT)
        others.append(other)
    index = _Index(others)
    later = tuple(_later(node, others))
    if not _acts(node):
        return Resolution(node.effect, superseded_by=later, caveats=_unnamed(alert))
    named, pending, caveats = _named(node, index)
    chain = _chain(named, index)
    if _is_ambiguous(named, index):
        caveats.append(Caveat.AMBIGUOUS)
    if not named and not pending:
        caveats.append(Caveat.NAMES_NOTHING)
    superseded = (*named.values(), *(found for found in chain if found.identity not in named))
    return Resolution(node.effect, superseded, tuple(pending), later, tuple(dict.fromkeys(caveats)))


class _Index:
    """Finds known messages by identity, by identifier and by identifier without language."""

    def __init__(self, nodes: list[Node]) -> None:
        self.by_identity = {node.identity: node for node in nodes}
        self._by_identifier: dict[str, list[Node]] = {}
        self._by_key: dict[str, list[Node]] = {}
        for node in nodes:
            self._by_identifier.setdefault(node.identity.identifier, []).append(node)
            self._by_key.setdefault(without_language(node.identity.identifier), []).append(node)

    def find(self, reference: Reference, by: Identity) -> list[tuple[Node, MatchedBy]]:
        """Returns the messages that `reference`, written in the message `by`, can mean, by the surest match only.

        A reference without the right instant can mean only messages sent up to `by`: a later one may reuse the
        identifier.
        """
        exact = self.by_identity.get(Identity(reference.sender, reference.identifier, reference.sent))
        if exact is not None:
            return [(exact, MatchedBy.NAMED)]
        sender = reference.sender or by.sender
        for table, word, matched_by in (
            (self._by_identifier, reference.identifier, MatchedBy.IDENTIFIER),
            (self._by_key, without_language(reference.identifier), MatchedBy.KEY),
        ):
            nodes = [node for node in table.get(word, ()) if node.identity.sender == sender]
            found = [(node, matched_by) for node in nodes if _is_up_to(node.identity, by)]
            if found:
                return found
        return []


def _is_up_to(earlier: Identity, later: Identity) -> bool:
    return earlier.sent is None or later.sent is None or earlier.sent <= later.sent


def _acts(node: Node) -> bool:
    return node.effect in (Effect.REPLACES, Effect.ENDS)


def _unnamed(alert: Alert) -> tuple[Caveat, ...]:
    acting = alert.msg_type in (MsgType.UPDATE, MsgType.CANCEL)
    return (Caveat.NAMES_NOTHING,) if acting and not alert.references else ()


def _later(node: Node, others: list[Node]) -> Iterator[Identity]:
    """Yields the messages that acted on this one, and those that acted on them."""
    acting = [other for other in others if _acts(other)]
    seen, queue = {node.identity}, [node]
    while queue:
        target = _Index([queue.pop()])
        for other in acting:
            if other.identity not in seen and _names(other, target):
                seen.add(other.identity)
                queue.append(other)
                yield other.identity


def _names(other: Node, target: _Index) -> bool:
    return any(target.find(reference, other.identity) for reference in other.references)


def _named(node: Node, index: _Index) -> tuple[dict[Identity, Superseded], list[Reference], list[Caveat]]:
    named: dict[Identity, Superseded] = {}
    pending, caveats = [], []
    for reference in node.references:
        if _is_self(reference, node):
            caveats.append(Caveat.SELF)
            continue
        found = index.find(reference, node.identity)
        if not found:
            pending.append(reference)
        for match, matched_by in found:
            named.setdefault(match.identity, Superseded(match.identity, matched_by))
        if reference.sender not in ("", node.identity.sender):
            caveats.append(Caveat.FOREIGN)
    return named, pending, caveats


def _is_self(reference: Reference, node: Node) -> bool:
    same = reference.sender in ("", node.identity.sender) and reference.identifier == node.identity.identifier
    return same and reference.sent in (None, node.identity.sent)


def _chain(named: Iterable[Identity], index: _Index) -> list[Superseded]:
    """Returns what the named messages had superseded, and so on; references that run in a cycle end the search."""
    found: dict[Identity, Superseded] = {}
    queue = list(named)
    seen = set(queue)
    while queue:
        node = index.by_identity[queue.pop()]
        for reference in node.references if _acts(node) else ():
            for earlier, _ in index.find(reference, node.identity):
                if earlier.identity not in seen:
                    seen.add(earlier.identity)
                    queue.append(earlier.identity)
                    found[earlier.identity] = Superseded(earlier.identity, MatchedBy.CHAIN)
    return list(found.values())


def _is_ambiguous(named: Iterable[Identity], index: _Index) -> bool:
    """Whether the named messages fall into several chains: more than one is reached from no other named one."""
    starts = list(named)
    reached = {found.identity for start in starts for found in _chain([start], index)}
    return sum(1 for start in starts if start not in reached) > 1
