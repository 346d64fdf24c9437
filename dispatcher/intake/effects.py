"""Carry out what a decided message does to others: connect it with what it replaces, stop that, and have those told who
must be. This is used within the transaction in which the message was decided upon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cap
from dispatcher.access.principals import WORKER
from dispatcher.intake.similarity import goes_on_standing
from dispatcher.model.vocabulary import (
    DISPATCHED,
    DRILLS,
    ENDING_REASONS,
    FEED_PREFIX,
    WARNING,
    Doubt,
    Environment,
    Reason,
)
from dispatcher.store.alerts.merged import promote_unspoken
from dispatcher.store.alerts.related_alerts import RelatedAlerts

if TYPE_CHECKING:
    from dispatcher.access.principals import Actor
    from dispatcher.intake.prepare import Message
    from dispatcher.intake.related import RelatedState
    from dispatcher.model.alerts import NewAlert, ReadyAlert, StoredAlert
    from dispatcher.store.alerts.alerts import Submission

TAKES_EFFECT = DISPATCHED | {
    *(Reason.SUPERSEDED, Reason.EXPIRED, Reason.OUTDATED, Reason.ELSEWHERE),
    *(Reason.NOTHING_TO_END, Reason.ALREADY_ENDED),
}
"""Messages with these reasons replace or end what they name, told or not: so the order in which messages arrive makes
no difference."""
WAITS_FOR_WHAT_IT_NAMES = TAKES_EFFECT - DISPATCHED
"""Messages recorded for one of these are planned once it becomes known that they end something."""


def withdrawn(known: RelatedState, stored: StoredAlert | NewAlert) -> tuple[StoredAlert, ...]:
    """Return what still waits for a person and is outdated by the message, which is recorded as `stored`. An Update of
    a control centre that itself waits for a second person takes the place of what it changes: of two that wait nobody
    could tell which one is meant.
    """
    waits = stored.reason is Reason.HELD and stored.held_for == Doubt.APPROVAL
    waits = waits and not stored.source_id.startswith(FEED_PREFIX)
    return tuple(known.waiting) if waits or stored.reason in TAKES_EFFECT | DRILLS else ()


@dataclass(frozen=True, slots=True)
class EffectOf:
    """Whoever a message has its effects by: the actor in the trail, and why, where that is more than its type."""

    actor: Actor
    why: str = ""


BY_WORKER: Final = EffectOf(WORKER)
"""By no person: what a feed delivers."""


async def take_effect(
    submission: Submission,
    message: Message,
    known: RelatedState,
    stored: StoredAlert,
    by: EffectOf = BY_WORKER,
) -> tuple[list[ReadyAlert], Behind]:
    """Carry out the effects of a message as the record has it now. Returns other messages that are to be planned, and
    what became of those that were merged into what it replaces or ends. `by`: for the trail.
    """
    waits = [one.id for one in withdrawn(known, stored)] if stored.has_power else []
    if waits:
        why = by.why or f"{message.alert.msg_type}"
        await RelatedAlerts(submission).withdraw(waits, stored.id, by.actor, why)
    if stored.environment is Environment.EXERCISE:
        return await _take_effect_as_drill(submission, known, stored, withdraws=bool(waits)), NONE_BEHIND
    if stored.reason not in TAKES_EFFECT or not stored.has_power:
        return [], NONE_BEHIND
    related = RelatedAlerts(submission)
    await _connect(submission, known, stored)
    replaced = [one.id for one in known.replaces]
    if stored.reason is Reason.SUPERSEDED:
        return await _connect_late(submission, known), NONE_BEHIND
    if stored.reason not in DISPATCHED:
        return [], NONE_BEHIND
    others = await behind(submission, message, known, stored)
    await submission.stop(replaced, stored.id)
    await related.merge([one.id for one in others.kept], stored.id)
    wake_ups = await promote_unspoken(submission.connection, known.now) if replaced else []
    await related.stand_beside([one.id for one in others.elsewhere], stored.id)
    return [*wake_ups, *(await submission.plan_again(stored.chain_id))], others


async def _take_effect_as_drill(
    submission: Submission, known: RelatedState, stored: StoredAlert, *, withdraws: bool
) -> list[ReadyAlert]:
    """Carry out the effects of an exercise that is sent, or withdraws one that was held, which are on other exercises
    only. Nothing else follows: none waits for what it names, stands in for another, or is told late.
    """
    if stored.reason in DRILLS or withdraws:
        await _connect(submission, known, stored)
    if stored.reason not in DRILLS:
        return []
    await submission.stop([one.id for one in known.replaces], stored.id)
    return await submission.plan_again(stored.chain_id)


async def _connect(submission: Submission, known: RelatedState, stored: StoredAlert) -> None:
    """Record the edges of the graph, which becomes one with all those that it connects."""
    chains = {one.chain_id for one in known.connected} - {stored.chain_id}
    if chains:
        await submission.merge_chains(stored.chain_id, sorted(chains))
    later = {one.id for one in known.later}
    # Two that name each other, by equal instants, are no circle: the one that came first replaces the other.
    edges = {(stored.id, one.id) for one in known.direct if one.id not in later}
    edges |= {(one, stored.id) for one in later}
    if edges:
        await submission.link(edges)


async def _connect_late(submission: Submission, known: RelatedState) -> list[ReadyAlert]:
    """A message came after what replaced or ended it. If people were warned by what it replaces itself, they are told
    now: only this message shows that the one has to do with the other.
    """
    actor = _actor(known)
    if actor is None:
        return []
    standing = [one for one in known.standing if await _may_reach(submission, actor, one)]
    if not standing:
        return []
    await submission.stop([one.id for one in standing], actor.id)
    reason = actor.reason
    if reason in WAITS_FOR_WHAT_IT_NAMES:
        reason = _ending_reason(actor)
    latest = max(one.expires for one in standing) if reason in ENDING_REASONS else actor.expires
    late = await submission.take_effect_late(actor.id, reason, latest)
    wake_ups = await promote_unspoken(submission.connection, known.now)
    return [late, *wake_ups, *(await submission.plan_again(actor.chain_id))]


async def _may_reach(submission: Submission, actor: StoredAlert, stored: StoredAlert) -> bool:
    """Whether the message may end it: what its source told itself, and what another one told within its territory."""
    return actor.source_id == stored.source_id or actor.may_reach(await submission.places(stored.id))


def _actor(known: RelatedState) -> StoredAlert | None:
    """Return the message that now replaces or ends what was told: the last one that goes out, else the last one that
    waited for what it names.
    """
    ids = known.above({one.id for one in known.later})
    above = [one for one in known.graph if one.id in ids]
    in_graph = {one.id for one in above}
    above += [one for one in known.later if one.id not in in_graph]
    out = [one for one in above if one.reason in DISPATCHED and one.stopped_by is None]
    waiting = [one for one in above if one.reason in WAITS_FOR_WHAT_IT_NAMES]
    found = out or waiting
    return found[-1] if found else None


def _ending_reason(actor: StoredAlert) -> Reason:
    """Return how a message ends things that was recorded without being sent. An Update is no all-clear unless it was
    recorded as one.
    """
    if actor.msg_type == cap.MsgType.CANCEL:
        return Reason.CANCEL
    said_clear = actor.reason in {Reason.NOTHING_TO_END, Reason.ALREADY_ENDED}
    return Reason.ALL_CLEAR if said_clear else Reason.LAPSED


@dataclass(frozen=True, slots=True)
class Behind:
    """What becomes of the warnings that were merged into what a message replaces or ends."""

    kept: tuple[StoredAlert, ...] = ()
    """The message goes on standing for these."""
    elsewhere: tuple[StoredAlert, ...] = ()
    """These are sent, but only to those whom the message itself does not concern."""
    sent: tuple[StoredAlert, ...] = ()
    """These are sent to everybody whom they concern: of equal ones the earliest, which stands for the others."""


NONE_BEHIND = Behind()


async def behind(
    submission: Submission, message: Message, known: RelatedState, stands: NewAlert | StoredAlert
) -> Behind:
    """Return what becomes of warnings merged into what the message, recorded as `stands`, replaces or ends."""
    replaced = {one.id for one in known.replaces}
    if stands.reason not in DISPATCHED or not replaced:
        return NONE_BEHIND
    kept: list[StoredAlert] = []
    elsewhere: list[StoredAlert] = []
    sent: dict[str | None, StoredAlert] = {}
    for merged in await RelatedAlerts(submission).merged_into(sorted(replaced)):
        if merged.id in replaced or merged.expires <= known.now:
            continue
        if stands.reason not in WARNING or not goes_on_standing(message.alert, stands, merged, known.now):
            if not merged.held_for:
                sent.setdefault(merged.merged_into, merged)
        elif await _covers_places(submission, message, merged):
            kept.append(merged)
        else:
            elsewhere.append(merged)
    return Behind(tuple(kept), tuple(elsewhere), tuple(sent.values()))


async def _covers_places(submission: Submission, message: Message, merged: StoredAlert) -> bool:
    """Whether the message concerns everybody whom the merged one does: it names all its municipalities, or has its
    shape and touches the same.
    """
    its_places = await submission.places(merged.id)
    if {place.ags for place in its_places} <= {place.ags for place in message.places if place.is_named}:
        return True
    own = {(place.ags, place.reason) for place in message.places}
    its = {(place.ags, place.reason) for place in its_places}
    return its <= own and await submission.shape(merged.id) == message.target
