"""Read from the record what a message is related to, within the transaction in which it is decided upon."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cap import MsgType
from dispatcher.intake.meaning import ACTS_ON_OTHERS
from dispatcher.intake.prepare import OnDoubt
from dispatcher.intake.related import (
    NEVER_TOLD,
    RelatedState,
    is_newer_edition,
    is_worldwide,
    may_act,
    may_act_on,
    reachable,
    reference_keys,
    resolve,
    stands,
)
from dispatcher.intake.similarity import (
    alike,
    beginning,
    duplicate_lock_key,
    is_no_less,
    same_event,
    same_times_and_names,
    tolerance_window,
    words_digest,
)
from dispatcher.model.vocabulary import FEED_PREFIX, SENT, AlertState, Environment
from dispatcher.store.alerts.related_alerts import RelatedAlerts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import cap
    from dispatcher.intake.prepare import IntakeRules, Message
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.store.alerts.alerts import Submission


async def related_state(  # noqa: PLR0913 - each is another fact of the decision
    submission: Submission,
    rules: IntakeRules,
    message: Message,
    digest: bytes,
    now: datetime,
    itself: str | None = None,
    *,
    equals: bool = True,
) -> RelatedState:
    """Return what the record knows about the message. `now` is the time by which it is decided; `itself` the id under
    which the message is held, if it is. Not `equals`: whether an equal warning is in force does not matter, so that
    nobody else who decides upon one is waited for.
    """
    reader = _Reader(submission, rules, message, itself)
    known = await reader.named(RelatedState(now=now, source_id=rules.source_id, digest=digest))
    known = await reader.graph(known)
    if message.is_doubtful:
        return known
    known = replace(known, waiting=await reader.waiting(known))
    if message.ends:
        return known if message.places else replace(known, ended_places=await reader.ended_places(known))
    if not equals or message.environment is Environment.EXERCISE:
        return known  # an exercise stands for itself: nobody is spared one by another
    return replace(known, equal_to=await reader.equal_to(known))


async def left_places(
    submission: Submission, message: Message, known: RelatedState
) -> tuple[AffectedMunicipality, ...]:
    """Return the municipalities of what holds that a message leaves which replaces it."""
    own = {place.ags for place in message.places}
    found = [place for stored in known.standing for place in await submission.places(stored.id)]
    return tuple({place.ags: place for place in found if place.ags not in own}.values())


class _Reader:
    def __init__(
        self, submission: Submission, rules: IntakeRules, message: Message, itself: str | None
    ) -> None:
        self._submission = submission
        self._related = RelatedAlerts(submission)
        self._rules = rules
        self._message = message
        self._itself = itself

    def _effective(self, found: Sequence[StoredAlert]) -> list[StoredAlert]:
        """Return what may have to do with the message: of the other environment nothing does, whatever it is called."""
        return [
            stored
            for stored in found
            if stored.has_power
            and stored.id != self._itself
            and stored.environment is self._message.environment
        ]

    def _crossing(
        self, found: Sequence[StoredAlert], named: Sequence[StoredAlert], carried: set[str]
    ) -> list[StoredAlert]:
        """Return what the message names of the other environment, and does not have there under the same name in its
        own.
        """
        others = [stored for stored in found if stored.environment is not self._message.environment]
        own = {(stored.sender, stored.identifier) for stored in named}
        meant = resolve(self._message, self._rules.source_id, others, carried, lenient=False)
        return [stored for stored in meant if (stored.sender, stored.identifier) not in own]

    async def named(self, known: RelatedState) -> RelatedState:
        message, source_id = self._message, self._rules.source_id
        alert, key = message.alert, message.facts.key
        from_feed = self._rules.on_doubt is OnDoubt.HOLD
        contents = await self._submission.identity(alert.sender, alert.identifier, message.sent)
        newest = {stored.source_id: stored for stored in self._effective(contents)}
        identity = list(newest.values())
        copies = [stored for stored in identity if stored.source_id != source_id]
        if not from_feed:  # two centres that share a sender do not copy each other's messages
            copies = [stored for stored in copies if stored.source_id.startswith(FEED_PREFIX)]
        editions = await self._related.editions(key) if from_feed else []
        references = message.references
        everywhere = await self._related.candidates(
            [reference.identifier for reference in references],
            list(reference_keys(references)) if from_feed else [],
        )
        candidates = self._effective(everywhere)
        others = self._editions(editions, {stored.id for stored in identity})
        # To have carried what is proved gives no power over it: anybody can repeat what is public.
        no_surer = [one.id for one in (*candidates, *copies, *others) if one.proved <= message.proved]
        carried = await self._related.carried_by(source_id, no_surer)
        later = await self._related.naming(
            alert.sender, alert.identifier, message.sent, key if from_feed else "", lenient=from_feed
        )
        named = resolve(message, source_id, candidates, carried, lenient=from_feed)
        if not from_feed:
            named = await self._with_what_they_name(named)
        told = await self._submission.codes([one.id for one in (*copies, *others, *named)])
        own = {place.ags for place in message.places}
        succeeded = [
            stored
            for stored in (*copies, *others)
            if stored.sent <= message.sent
            and (message.proved or stored.id in carried or _is_own(stored, source_id, message))
            # Two feeds may carry one message, each for its own territory: neither lifts what the other told.
            and (not from_feed or stored.source_id == source_id or told[stored.id] <= own or message.ends)
        ]
        beyond = self._beyond(named, told)
        return replace(
            known,
            same=self._repeated(contents, known) or self._same(newest.get(source_id), known),
            copies=copies,
            editions=others,
            succeeds=frozenset(one.id for one in succeeded)
            - {one.id for one in self._beyond(succeeded, told)},
            named=[stored for stored in named if stored not in beyond],
            beyond=beyond,
            covering=frozenset(one.id for one in (*copies, *others) if self._covers(one, own, told[one.id])),
            later=[
                *(one for one in self._effective(later) if may_act_on(one, message, source_id, identity)),
                *(one for one in others if is_newer_edition(one, message, source_id)),
            ],
            siblings=await self._siblings(references),
            crossing=[] if from_feed else self._crossing(everywhere, named, carried),
        )

    async def _with_what_they_name(self, named: Sequence[StoredAlert]) -> list[StoredAlert]:
        """Return these, and what those of them name that nobody was told of: whoever changes or ends an Update that
        still waits means the warning that people know.
        """
        found = {stored.id: stored for stored in named}
        fresh = list(named)
        while unsent := [one for one in fresh if one.reason in NEVER_TOLD and one.msg_type in ACTS_ON_OTHERS]:
            references = await self._related.references_of([one.id for one in unsent])
            candidates = await self._related.candidates([one.identifier for one in references], [])
            meant = replace(self._message, alert=replace(self._message.alert, references=tuple(references)))
            more = resolve(meant, self._rules.source_id, self._effective(candidates), lenient=False)
            fresh = [one for one in more if one.id not in found]
            found |= {one.id: one for one in fresh}
        return list(found.values())

    async def waiting(self, known: RelatedState) -> list[StoredAlert]:
        """Return what waits for a person and is outdated by this message. An end outdates Updates of what it ends, too,
        and theirs: people would be warned anew of what has just been taken back.
        """
        found = {one.id: one for one in known.replaces if one.state is AlertState.HELD}
        if self._message.ends and self._rules.on_doubt is OnDoubt.REFUSE:
            ended = [one for one in known.replaces if stands(one, known.now) or one.reason not in SENT]
            seen = {one.id for one in known.replaces}
            while ended:
                naming = await self._related.co_naming([(one.sender, one.identifier) for one in ended])
                ended = [
                    one for one in self._effective(naming) if one.id not in seen and self._is_unsent(one)
                ]
                seen |= {one.id for one in ended}
                found |= {one.id: one for one in ended if one.state is AlertState.HELD}
        return list(found.values())

    def _is_unsent(self, stored: StoredAlert) -> bool:
        """Whether it is an Update that nobody was told of and that this message may act on."""
        acts = stored.msg_type == MsgType.UPDATE and stored.reason in NEVER_TOLD
        return acts and may_act(self._message, self._rules.source_id, stored)

    async def _siblings(self, references: Sequence[cap.Reference]) -> list[StoredAlert]:
        if not self._message.acts or not references:
            return []
        sender = self._message.alert.sender
        named = [(ref.sender, ref.identifier) for ref in references if ref.sender == sender]
        found = await self._related.co_naming(named)
        return [
            stored
            for stored in self._effective(found)
            if stored.reason in SENT
            and stored.sender == sender
            and (stored.source_id == self._rules.source_id or (stored.proved and self._message.proved))
        ]

    @staticmethod
    def _covers(stored: StoredAlert, own: set[str], told: set[str]) -> bool:
        """Whether the recorded one told everybody whom this one is for. What a control centre submitted itself is not
        widened by a feed's copy of it.
        """
        if stored.source_id.startswith(FEED_PREFIX):
            return own <= told
        return bool(own & told) or not own

    def _beyond(self, found: Sequence[StoredAlert], told: Mapping[str, set[str]]) -> list[StoredAlert]:
        """Return what another source `told` beyond the territory: its end or update would reach people there. Of a
        control centre this concerns feeds' copies; for what another centre told it is refused.
        """
        rules, beyond = self._rules, []
        for stored in found if rules.territory else ():
            asked = rules.on_doubt is OnDoubt.HOLD or stored.source_id.startswith(FEED_PREFIX)
            foreign = stored.source_id != rules.source_id and asked
            if foreign and not all(map(rules.may_warn, told[stored.id])):
                beyond.append(stored)
        return beyond

    def _same(self, stored: StoredAlert | None, known: RelatedState) -> StoredAlert | None:
        """Return the newest content from the same source, unless content that is less certain would replace it."""
        if stored is None or stored.sha256 == known.digest or stored.proved <= self._message.proved:
            return stored
        return None

    def _repeated(self, contents: Sequence[StoredAlert], known: RelatedState) -> StoredAlert | None:
        """Return what a doubtful message repeats word for word, whatever became of it: it is held once."""
        if not self._message.is_doubtful:
            return None
        own = [stored for stored in contents if stored.source_id == known.source_id]
        return next((one for one in own if one.sha256 == known.digest and one.id != self._itself), None)

    def _editions(self, found: Sequence[StoredAlert], identity: set[str]) -> list[StoredAlert]:
        """Return other editions of the same message, from any source."""
        message = self._message
        return [
            stored
            for stored in self._effective(found)
            if stored.id not in identity
            and (stored.sender, stored.identifier, stored.sent)
            != (message.alert.sender, message.alert.identifier, message.sent)
            and (stored.sender == message.alert.sender or is_worldwide(message.facts.key))
        ]

    async def graph(self, known: RelatedState) -> RelatedState:
        """Add everything that is connected with the message, and how."""
        related = (*known.connected, *known.copies, *known.editions)
        chains = list(dict.fromkeys(stored.chain_id for stored in related))
        if not chains:
            return known
        # What a feed sent may have joined them before the environments were kept apart.
        found = [
            one
            for one in await self._submission.chains(chains)
            if one.id != self._itself and one.environment is self._message.environment
        ]
        return replace(known, graph=found, replaced=await self._submission.replaced(chains))

    async def ended_places(self, known: RelatedState) -> tuple[AffectedMunicipality, ...]:
        places = [place for stored in known.standing for place in await self._submission.places(stored.id)]
        return tuple({place.ags: place for place in places}.values())

    async def equal_to(self, known: RelatedState) -> StoredAlert | None:
        if self._rules.on_doubt is OnDoubt.HOLD:
            return await self._same_event(known)
        return await self._same_copy(known) or await self._same_warning(known)

    async def _same_event(self, known: RelatedState) -> StoredAlert | None:
        """Return another source's warning in force of the same event; not one whose author is less certain."""
        message = self._message
        places = [place.ags for place in message.places]
        in_force = await self._related.others_in_force(places, self._rules.source_id, known.now)
        for stored, its_places in in_force:
            if stored.proved >= message.proved and same_event(message, stored, its_places):
                return stored
        return None

    async def _same_copy(self, known: RelatedState) -> StoredAlert | None:
        """Return a feed's copy in force of this centre's own message, if people have read all of it there, and if the
        centre may end it.
        """
        for copy in known.copies:
            if copy.id in known.succeeds and copy.is_in_force(known.now) and await self._says_all(copy):
                return copy
        return None

    async def _says_all(self, copy: StoredAlert) -> bool:
        message = self._message
        if copy.expires < message.expires or copy.words != words_digest(message.alert):
            return False
        its = await self._submission.message(copy.id)
        told = _named(await self._submission.places(copy.id))
        shape = await self._submission.shape(copy.id)
        covered = shape == message.target or not message.target
        return (
            its is not None
            and same_times_and_names(message.alert, its)
            and is_no_less(its, message.alert)
            and covered
            and _named(message.places) <= told
        )

    async def _same_warning(self, known: RelatedState) -> StoredAlert | None:
        """Return a control centre's warning in force that says all that this one does, to the same people."""
        message, alert = self._message, self._message.alert
        codes = [place.ags for place in message.places]
        await self._related.lock_duplicates(duplicate_lock_key(alert, codes))
        begins = beginning(alert)
        if not alert.infos or not codes or begins is None:
            return None
        spans = (tolerance_window(begins), tolerance_window(message.expires))
        event, words = alert.infos[0].event, words_digest(alert)
        gone = reachable([stored.id for stored in known.direct], known.replaced)
        for stored, its_places in await self._related.centres_in_force(event, words, codes, *spans):
            if stored.id in gone or not alike(alert, codes, message.expires, stored, its_places):
                continue
            same_target = await self._submission.shape(stored.id) == message.target
            if same_target and _named(await self._submission.places(stored.id)) == _named(message.places):
                return stored
        return None


def _is_own(stored: StoredAlert, source_id: str, message: Message) -> bool:
    """Whether it came from the same source, and was no better proved than this message is."""
    return stored.source_id == source_id and stored.proved <= message.proved


def _named(places: Sequence[AffectedMunicipality]) -> set[tuple[str, str]]:
    """Return the targets: named, a municipality concerns all who watch a place in it; touched, only some of them."""
    return {(place.ags, place.reason) for place in places}
