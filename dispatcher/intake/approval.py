"""A person decides about a held message: release it, for more places if need be, or discard it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import cap
from cap.profiles import facts
from dispatcher.intake.decide import decide
from dispatcher.intake.effects import EffectOf, take_effect
from dispatcher.intake.known import related_state
from dispatcher.intake.new_alert import graph_of, thread_of
from dispatcher.intake.prepare import Incoming, IntakeRules, Message, OnDoubt
from dispatcher.intake.related import stands
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.approval.request import ApprovalDecision
from dispatcher.model.sentences.sentence import Said
from dispatcher.model.vocabulary import FEED_PREFIX, OPEN_DRILL, SENT, WARNING, AlertState, Doubt, Reason
from dispatcher.queue.wakeups import WakeUpQueue, plan_wake_up
from dispatcher.store.alerts.approvals import approval_request
from dispatcher.store.alerts.related_alerts import Outcome, RelatedAlerts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from cap.profiles.profile import Facts
    from dispatcher.access.principals import Actor
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.intake.related import RelatedState
    from dispatcher.model.alerts import ReadyAlert, StoredAlert
    from dispatcher.store.alerts.alerts import Alerts, Submission

    Require = Callable[[Sequence[AffectedMunicipality]], None]
    """Raises where whoever decides may not do so in all these municipalities. None: whoever is at the machine may do so
    everywhere."""


class NotApprovedError(Exception):
    """The message stays held. `said` says why; the text of this error is its German sentence."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.de)
        self.said = said


@dataclass(frozen=True, slots=True)
class Terms:
    """These terms are what a person approves besides the message."""

    target: str = ""
    """The first digits of the hash of the target that the person looked at; empty: any target that the record has."""
    at_most: int | None = None
    """The most recipients that the person approves; with more the message is held again."""
    as_held: bool = False
    """Without a number: as many as its plan counted when it held the message for that, which the person was told."""


DEFAULT_TERMS = Terms()


@dataclass(frozen=True, slots=True)
class ReleaseOrder:
    """Whoever lets a held message go out, why, and on which terms."""

    actor: Actor
    why: str
    terms: Terms
    decision: ApprovalDecision


@dataclass(frozen=True, slots=True)
class BelievedMessage:
    """A held message as whoever releases it believes it: what the record knows about it, and by which rules it is
    judged.
    """

    message: Message
    known: RelatedState
    rules: IntakeRules


_NEEDS_A_SECOND_PERSON: Final = Said(
    "Diese Meldung braucht die Freigabe einer zweiten Person; von hier aus kann sie nur verworfen werden.",
    "This message needs the approval of a second person; from here it can only be discarded.",
)
_ENDED_SINCE: Final = Said(
    "Was die Meldung fortschreibt, ist aufgehoben worden, während sie wartete.",
    "What the message goes on with was ended while it waited.",
)
_NOTHING_TO_SEND: Final = Said(
    "Die Meldung hat hier nichts zu sagen: Niemand ist zu warnen.",
    "The message has nothing to say here: nobody is to be warned.",
)
_NOTHING_HELD: Final = Said(
    "Unter dieser Nummer wartet keine Meldung.", "No message waits under this number."
)
_HELD_NO_LONGER: Final = Said(
    "Unter dieser Nummer wartet keine Meldung mehr.", "No message waits under this number any more."
)
_OTHER_TARGET: Final = Said(
    "Das Zielgebiet ist nicht mehr das, mit dem die Meldung angenommen wurde.",
    "The target is no longer the one with which the message was accepted.",
)
_ENDS_MEANT = frozenset({Reason.CANCEL, Reason.ALL_CLEAR})
_NOT_APPROVED: Final[Mapping[Reason, Said]] = MappingProxyType(
    {
        Reason.EXPIRED: Said("Die Meldung ist inzwischen abgelaufen.", "The message has expired meanwhile."),
        Reason.OUTDATED: Said(
            "Die Meldung ist zu alt und sagt nicht, wie lange sie gilt.",
            "The message is too old and does not say how long it holds.",
        ),
        Reason.SUPERSEDED: Said(
            "Eine neuere Meldung dieses Vorgangs ist schon versandt.",
            "A newer message of this matter has been sent already.",
        ),
        Reason.ALREADY_ENDED: Said(
            "Es gibt nichts aufzuheben: Die Warnung ist schon aufgehoben.",
            "There is nothing to end: the warning has been ended already.",
        ),
        Reason.NOTHING_TO_END: Said(
            "Es gibt nichts aufzuheben: Niemand ist gewarnt.", "There is nothing to end: nobody is warned."
        ),
        Reason.ELSEWHERE: Said(
            "Die Meldung hat hier kein Gebiet; bitte Gemeinden angeben.",
            "The message has no area here; please name municipalities.",
        ),
        Reason.DUPLICATE: Said(
            "Dieselbe Meldung ist schon versandt.", "The same message has been sent already."
        ),
        Reason.MERGED: Said(
            "Vor demselben Ereignis ist schon gewarnt.", "People are warned of the same event already."
        ),
        Reason.NOT_ACTUAL: Said(
            "Die Meldung ist keine echte Warnung (Test, Übung oder Entwurf).",
            "The message is no real warning (a test, an exercise or a draft).",
        ),
        Reason.NOT_PUBLIC: Said(
            "Die Meldung ist nicht für die Öffentlichkeit.", "The message is not for the public."
        ),
    }
)
"""Why a decision other than to send keeps a message from being released."""


class Approval:
    """Concludes held messages, in the record and with an audit line that names the person who decided."""

    def __init__(
        self,
        *,
        alerts: Alerts,
        boundaries: Boundaries | None,
        wake_ups: WakeUpQueue,
        clock: Callable[[datetime], datetime] = lambda now: now,
    ) -> None:
        """`boundaries` name the places that a person adds; None where nobody adds any."""
        self._alerts = alerts
        self._boundaries = boundaries
        self._wake_ups = wake_ups
        self._clock = clock

    async def release(
        self,
        alert_id: str,
        actor: Actor,
        why: str,
        places: Sequence[str] = (),
        terms: Terms = DEFAULT_TERMS,
        *,
        require: Require | None = None,
    ) -> StoredAlert:
        """Send the message; `places` (AGS) are added to its municipalities. Raises `NotApprovedError`, what `require`
        raises, and what `record.UNAVAILABLE` lists.
        """
        held = await self._held(alert_id)
        added = [self._place(ags) for ags in places]
        async with self._alerts.submission(held.sender) as submission:
            await RelatedAlerts(submission).lock_ingest()
            held = await still_held(submission, held)
            request = await approval_request(submission.connection, held.id)
            if request is not None and request.is_needed:
                raise NotApprovedError(_NEEDS_A_SECOND_PERSON)
            believed = await self.believed(submission, held, added)
            if require is not None:
                require(await concerned(submission, believed))
            consent = ReleaseOrder(actor, why, terms, ApprovalDecision.APPROVE)
            others = await self.send(submission, held, believed, consent, added)
        return await self.planned_soon(held, others)

    async def send(
        self,
        submission: Submission,
        held: StoredAlert,
        believed: BelievedMessage,
        consent: ReleaseOrder,
        added: Sequence[AffectedMunicipality] = (),
    ) -> list[ReadyAlert]:
        """Send a held message, within the transaction in which that was decided and under the lock of feeds' messages.
        Returns others that are to be planned. Raises `NotApprovedError`.
        """
        related, terms = RelatedAlerts(submission), consent.terms
        await _require_target(related, held.id, terms.target)
        message, known = believed.message, believed.known
        _require_territory(believed.rules, added)
        decision = decide(message, known, believed.rules)
        if decision.reason not in SENT:
            raise NotApprovedError(_NOT_APPROVED.get(decision.reason, _NOTHING_TO_SEND))
        if decision.reason in WARNING | OPEN_DRILL and _ended_since(held, known):
            raise NotApprovedError(_ENDED_SINCE)
        await related.add_municipalities(held.id, added)
        chain_id, thread = graph_of(known) or held.chain_id, thread_of(known) or held.id
        outcome = Outcome(decision.reason, chain_id, thread, decision.expires, consent.decision)
        await related.conclude(
            held.id, outcome, consent.actor, consent.why, terms.at_most, as_held=terms.as_held
        )
        released = await _alert(submission, held.id, outcome.chain_id)
        others, _ = await take_effect(submission, message, known, released, EffectOf(consent.actor))
        return others

    async def believed(
        self,
        submission: Submission,
        held: StoredAlert,
        added: Sequence[AffectedMunicipality] = (),
        *,
        equals: bool = True,
    ) -> BelievedMessage:
        """Return a held message as whoever releases it believes it, for its own places and what was `added`. Not
        `equals`: nothing is to be decided upon it, and no lock is taken.
        """
        message, rules = await _without_doubts(submission, held, added), _rules(held)
        now = self._clock(submission.now)
        known = await related_state(submission, rules, message, held.sha256, now, held.id, equals=equals)
        return BelievedMessage(message, known, rules)

    async def planned_soon(self, held: StoredAlert, others: Sequence[ReadyAlert]) -> StoredAlert:
        """Wake workers up for what was sent, after the commit. Returns it as the record has it."""
        await self._wake_ups.enqueue([plan_wake_up(ready) for ready in (held.ready, *others)])
        return await self._alerts.get(held.id) or held

    async def discard(self, alert_id: str, actor: Actor, why: str, *, require: Require | None = None) -> None:
        """Conclude that the message is never sent. Raises `NotApprovedError`, and what `require` raises."""
        held = await self._held(alert_id)
        async with self._alerts.submission(held.sender) as submission:
            held = await still_held(submission, held)
            if require is not None:
                require(await submission.places(held.id))
            await drop(submission, held, actor, why)

    async def _held(self, alert_id: str) -> StoredAlert:
        held = await self._alerts.get(alert_id)
        if held is None or held.state is not AlertState.HELD:
            raise NotApprovedError(_NOTHING_HELD)
        return held

    def _place(self, ags: str) -> AffectedMunicipality:
        unit = None if self._boundaries is None else self._boundaries.by_ags(ags)
        if unit is None:
            unknown = (
                f"Eine Gemeinde mit dem Schlüssel {ags} ist hier nicht bekannt.",
                f"No municipality with the key {ags} is known here.",
            )
            raise NotApprovedError(Said(*unknown))
        return AffectedMunicipality(unit.ags, unit.name, "person", 1.0)


async def concerned(submission: Submission, believed: BelievedMessage) -> list[AffectedMunicipality]:
    """Return the municipalities in which people would notice that a held message is sent: its own and those that were
    added, and those of what it replaces or ends, told or still held.
    """
    known = believed.known
    gone = [one for one in known.replaces if one.state is AlertState.HELD or stands(one, known.now)]
    found = [place for one in gone for place in await submission.places(one.id)]
    return list({place.ags: place for place in (*believed.message.places, *found)}.values())


def _ended_since(held: StoredAlert, known: RelatedState) -> bool:
    """Whether what the message updates was ended while it was held: its author did not know of that."""
    by_id = {one.id: one for one in known.graph}
    stoppers = [by_id[one.stopped_by] for one in known.direct if one.stopped_by in by_id]
    ended = [one for one in stoppers if one.reason in _ENDS_MEANT and one.received_at > held.received_at]
    return bool(ended) and not known.standing


def _rules(held: StoredAlert) -> IntakeRules:
    """Return the rules by which the message was held: who releases it waives the doubts, and not where its source may
    warn, unless that was the doubt.
    """
    waived = Doubt.TERRITORY in held.held_for.split(", ")
    return IntakeRules(
        held.source_id,
        on_doubt=OnDoubt.HOLD if held.source_id.startswith(FEED_PREFIX) else OnDoubt.REFUSE,
        territory=() if waived else held.territory,
    )


def _require_territory(rules: IntakeRules, added: Sequence[AffectedMunicipality]) -> None:
    for place in added:
        if not rules.may_warn(place.ags):
            outside = (
                f"{place.name} ({place.ags}) liegt außerhalb des Gebiets dieser Quelle.",
                f"{place.name} ({place.ags}) is outside this source's territory.",
            )
            raise NotApprovedError(Said(*outside))


async def _without_doubts(
    submission: Submission, held: StoredAlert, added: Sequence[AffectedMunicipality]
) -> Message:
    """Return the held message without its doubts, for the target that the record has and for what was added."""
    raw = await submission.raw(held.id) or b""
    # In a thread: a message of some megabytes takes a second.
    alert, its_facts = await asyncio.to_thread(_parsed, raw)
    return Message(
        alert,
        held.sent,
        replace(its_facts, key=held.event_key),
        (*(await submission.places(held.id)), *added),
        (),
        held.expires,
        Incoming(alert, raw),
        await submission.shape(held.id),
        proved=True,
    )


def _parsed(raw: bytes) -> tuple[cap.Alert, Facts]:
    alert = cap.parse(raw).alerts[0]
    return alert, facts(alert)


async def _alert(submission: Submission, alert_id: str, chain_id: str) -> StoredAlert:
    return next(stored for stored in await submission.chains([chain_id]) if stored.id == alert_id)


async def _require_target(related: RelatedAlerts, alert_id: str, seen: str) -> None:
    bound, found = await related.target(alert_id)
    if bound is not None and bound != found:
        raise NotApprovedError(_OTHER_TARGET)
    if not found.hex().startswith(seen.lower()):
        other = (
            f"Das Zielgebiet ist ein anderes als das genehmigte: {found.hex()}.",
            f"The target is another one than that approved: {found.hex()}.",
        )
        raise NotApprovedError(Said(*other))


async def drop(submission: Submission, held: StoredAlert, actor: Actor, why: str) -> None:
    """Conclude that a held message is never sent, within the transaction in which that was decided."""
    outcome = Outcome(Reason.DISCARDED, held.chain_id, held.id, held.expires, ApprovalDecision.REJECT)
    await RelatedAlerts(submission).conclude(held.id, outcome, actor, why)


async def stand_behind(
    submission: Submission, held: StoredAlert, believed: BelievedMessage, actor: Actor, why: str
) -> bool:
    """Conclude that an equal warning in force stands for a held message, as if it had come only now, within the
    transaction in which that was decided. Returns whether there is one.
    """
    decision = decide(believed.message, believed.known, believed.rules)
    if decision.reason is not Reason.MERGED or decision.covered_by is None:
        return False
    await RelatedAlerts(submission).stand_behind(held.id, decision.covered_by, actor, why)
    return True


async def still_held(submission: Submission, held: StoredAlert) -> StoredAlert:
    """Read the message again within the transaction: another person may have decided meanwhile."""
    for stored in await submission.chains([held.chain_id]):
        if stored.id == held.id and stored.state is AlertState.HELD:
            return stored
    raise NotApprovedError(_HELD_NO_LONGER)
