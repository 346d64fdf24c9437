"""Decides which recipients an Alert, its Updates and its Cancel must reach, and what must never happen between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ops.lab.gateways.registry import WITH_PHONES
from ops.lab.world.records import ALL_CLEAR, Expected, Kind, RecipientChannel

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from ops.lab.world.records import GatewayRecord, Key, Message, Row, ServiceRecord

STALE_AFTER = timedelta(seconds=1)
"""How long after an Update or Cancel was answered a send of what it replaces may still arrive (promise P4)."""
GONE = {spec.family: spec.gone for spec in WITH_PHONES.values()}
"""Answers after which a recipient may be forgotten, by family."""
PERMANENT = frozenset({400, 413})
"""Answers on any channel after which nothing more is owed for this message."""
_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Owed:
    """The expected recipients, without those that the gateways or the sender took out."""

    expected: tuple[Expected, ...]
    refused: tuple[Expected, ...]
    """Recipients that the gateway refused for good, in general or for this message."""
    superseded: tuple[Expected, ...]
    """Recipients that, as the service says, were not reached before a later message of the chain; and there is such a
    message."""


def audience(
    message: Message,
    earlier: Collection[Message],
    affected: Iterable[RecipientChannel],
    gateway: Iterable[GatewayRecord],
) -> tuple[Expected, ...]:
    """Return the recipients that must get `message`: those to whom a gateway last gave a warning of this chain, and,
    unless it is a Cancel, those that it concerns now. `earlier` are the chain's messages before it."""
    owed = live(earlier, gateway)
    if message.kind is not Kind.CANCEL:
        owed |= set(affected)
    return tuple(Expected(message.id, *reach) for reach in sorted(owed))


def live(messages: Collection[Message], gateway: Iterable[GatewayRecord]) -> set[RecipientChannel]:
    """Return the recipients whose latest message of `messages`, by order, is a warning and not an all-clear."""
    by_id = {message.id: message for message in messages}
    latest: dict[RecipientChannel, tuple[int, Kind]] = {}
    for record in gateway:
        message = by_id.get(record.message)
        if message is None or not record.accepted:
            continue
        if record.reach not in latest or message.order >= latest[record.reach][0]:
            latest[record.reach] = message.order, kind_of(record, message)
    return {reach for reach, (_, kind) in latest.items() if kind not in ALL_CLEAR}


def excuse(
    expected: Iterable[Expected],
    gateway: Collection[GatewayRecord],
    service: Iterable[ServiceRecord],
    messages: Collection[Message],
) -> Owed:
    """Take out of `expected` those who did not get it for a reason that lies outside the service.

    A recipient who did get it stays in: an excuse never turns a delivery into a phantom.
    """
    accepted = {record.key for record in gateway if record.accepted}
    denied = [record for record in gateway if not record.accepted]
    refused = {record.key for record in denied if record.status in PERMANENT}
    gone = {record.reach for record in denied if record.status in GONE[record.channel]}
    followed = _followed(messages)
    superseded = {one.key for one in service if one.state == "superseded" and one.message in followed}
    sorted_out: dict[str, list[Expected]] = defaultdict(list)
    for one in expected:
        sorted_out[_fate(one, accepted, refused, gone, superseded)].append(one)
    return Owed(*(tuple(sorted_out[fate]) for fate in ("expected", "refused", "superseded")))


def _fate(
    one: Expected, accepted: set[Key], refused: set[Key], gone: set[RecipientChannel], superseded: set[Key]
) -> str:
    if one.key in accepted:
        return "expected"
    if one.key in refused or RecipientChannel(one.recipient, one.channel) in gone:
        return "refused"
    return "superseded" if one.key in superseded else "expected"


def _followed(messages: Collection[Message]) -> set[str]:
    last: dict[str, int] = {}
    for message in messages:
        last[message.chain] = max(message.order, last.get(message.chain, message.order))
    return {message.id for message in messages if message.order < last[message.chain]}


def kind_of(record: GatewayRecord, message: Message) -> Kind:
    """Return the kind the recipient saw: as the document said, else by its content, else the message's own kind."""
    return _KINDS.get(record.kind) or message.contents.get(record.content_hash, message.kind)


def violations(messages: Collection[Message], gateway: Iterable[GatewayRecord]) -> Mapping[str, Counter[Row]]:
    """Counts by name and row.

    lone_all_clear    an all-clear to a recipient whom no warning of the chain had reached
    second_all_clear  a further one, by another message, without a warning between
    overtaken         a message accepted after a later one of its chain
    stale             a message accepted more than a second after a later one of its chain was answered
    """
    by_id = {message.id: message for message in messages}
    seen: dict[tuple[str, RecipientChannel], dict[str, GatewayRecord]] = defaultdict(dict)
    for record in sorted((one for one in gateway if one.accepted), key=lambda one: one.wall_time):
        if message := by_id.get(record.message):
            seen[message.chain, record.reach].setdefault(record.message, record)
    counts: dict[str, Counter[Row]] = {
        name: Counter() for name in ("lone_all_clear", "second_all_clear", "overtaken", "stale")
    }
    replaced_at = {message.id: _replaced_at(message, messages) for message in messages}
    for history in seen.values():
        _order(list(history.values()), by_id, counts)
        for record in history.values():
            limit = replaced_at[record.message]
            counts["stale"][record.key.row] += limit is not None and record.wall_time > limit + STALE_AFTER
    return counts


def _order(
    history: Sequence[GatewayRecord], by_id: Mapping[str, Message], counts: Mapping[str, Counter[Row]]
) -> None:
    warned = cleared = False
    newest: int | None = None
    for record in history:
        message = by_id[record.message]
        counts["overtaken"][record.key.row] += newest is not None and message.order < newest
        newest = max(message.order, newest if newest is not None else message.order)
        if kind_of(record, message) not in ALL_CLEAR:
            warned, cleared = True, False
            continue
        counts["second_all_clear"][record.key.row] += cleared
        counts["lone_all_clear"][record.key.row] += not warned and not cleared
        cleared = True


def _replaced_at(message: Message, messages: Iterable[Message]) -> datetime | None:
    later = [
        other.answered_at or other.submitted_at
        for other in messages
        if other.chain == message.chain and other.order > message.order
    ]
    return min(later, default=None)
