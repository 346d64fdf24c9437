"""Find what a draft is made with: who sends it, its template, the present."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from cap import follow_up
from channels.characters import legible
from dispatcher.api.alerts import owned
from dispatcher.api.shedding import places_of
from dispatcher.api.templates.deciding import version_to_fill
from dispatcher.console.compose.draft import DraftKind
from dispatcher.console.compose.message import ComposeContext, composed
from dispatcher.console.words import LANGUAGES, WORDS, quoted
from dispatcher.desk_texts.catalogue import desk_texts
from dispatcher.intake.correction.standing import find_standing, message_of
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import Said, said
from dispatcher.model.vocabulary import ENDS, Environment, Reason
from dispatcher.templates.reading import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    import cap
    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit
    from dispatcher.console.compose.draft import Draft
    from dispatcher.console.compose.message import Composed
    from dispatcher.intake.correction.standing import StandingWarning
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.templates.version import TemplateVersion
    from dispatcher.templates.template import Template

GOES_ON: Final = frozenset({*ENDS, Reason.NOT_ACTUAL, Reason.NOT_PUBLIC, Reason.MERGED})
"""What a Cancel of a message comes to while there is something to end."""
PROBE: Final = "lagetisch-frage"
"""The identifier of a message that is asked about and never sent."""


class StoredMessage(NamedTuple):
    """A message of record, and its id."""

    id: str
    alert: cap.Alert


@dataclass(frozen=True, slots=True)
class Drafting:
    """A draft with what is known of it."""

    draft: Draft
    senders: tuple[str, ...] = ()
    territory: tuple[str, ...] = ()
    """AGS prefixes of what the person may warn."""
    template: Template | None = None
    version: TemplateVersion | None = None
    sent: datetime | None = None
    standing: StandingWarning | None = None
    """What the draft changes or ends."""
    known: StoredMessage | None = None
    """What people have read, where the draft takes the place of a change of it that still waits for a person."""

    @property
    def is_unsent(self) -> bool:
        """Whether what it changes or ends still waits for a person, and nobody was warned of it."""
        if self.standing is None:
            return False
        found = self.standing.preview
        return found.reason not in GOES_ON and bool(found.withdrawn)


async def drafting(
    visit: Visit,
    author: Principal,
    draft: Draft,
    sent: datetime | None = None,
    *,
    is_lenient: bool = False,
) -> Drafting:
    """Return the draft with its template. Raises `RequestRefused` where that may not be used, unless `is_lenient`:
    then it is a draft without one.
    """
    source = author.source
    senders = tuple(sorted(source.senders)) if source else ()
    at = Drafting(draft, senders, source.territory if source else (), sent=sent)
    try:
        if draft.kind is not DraftKind.ALERT:
            standing, known = await _standing(visit, author, draft)
            return replace(at, standing=standing, known=known)
        return await _with_template(visit, at)
    except RequestRefused:
        if is_lenient:
            return replace(at, draft=replace(draft, template="", version=None))
        raise


async def _with_template(visit: Visit, at: Drafting) -> Drafting:
    draft = at.draft
    if not draft.template:
        return at
    template, version = await template_of(visit, draft)
    return replace(at, template=template, version=version, draft=replace(draft, version=version.version))


async def _standing(
    visit: Visit, author: Principal, draft: Draft
) -> tuple[StandingWarning, StoredMessage | None]:
    """Return what stands of the warning that a draft changes or ends, in the way of `POST /v1/alerts/preview`, and what
    people know where that still waits. Raises `RequestRefused` where it is nothing, several messages for one change, or
    not the person's control centre's.
    """
    dependencies = visit.dependencies
    alert = await owned(dependencies, author, draft.of)

    def ending(parts: Sequence[cap.Alert], named: tuple[cap.Reference, ...]) -> cap.Alert:
        moment = follow_up.next_moment(parts[0], datetime.now(visit.parts.zone))
        return follow_up.cancel(parts[0], follow_up.Header(PROBE, moment, named))

    places = places_of(visit.request)
    # A page that is loaded has its place already.
    turn = places.one(places.reads, author) if visit.request.method == "POST" else nullcontext()
    async with turn:
        found = await find_standing(dependencies.alerts, dependencies.intake, author, alert, ending)
    if found.preview.reason not in GOES_ON and not found.preview.withdrawn:
        raise RequestRefused(ProblemType.CONFLICT, _ended(found.preview.reason))
    if draft.kind is not DraftKind.UPDATE:
        return found, None
    changed = await waiting_change(visit, alert, found)
    if changed is not None:
        return changed
    if len(found.parts) > 1:
        stored = [await dependencies.alerts.first_of((one.sender,), one.identifier) for one in found.parts]
        raise _several("compose_in_parts", [one for one in stored if one is not None])
    return found, None


async def waiting_change(
    visit: Visit, alert: StoredAlert, found: StandingWarning
) -> tuple[StandingWarning, StoredMessage | None] | None:
    """Return what an Update of the alert is about where something still waits for a person: that, whose place it takes,
    as the commands of a desk have it; and what people know. None where nothing waits. Raises `RequestRefused` where
    several wait, and the alert is none of them.
    """
    alerts = visit.dependencies.alerts
    waiting = [one.id for one in found.preview.withdrawn if one.source_id == alert.source_id]
    wanted = [one for one in waiting if one == alert.id] or waiting
    if not wanted:
        return None
    if len(wanted) > 1:
        raise _several("compose_several_wait", [one for one in found.preview.withdrawn if one.id in wanted])
    part = await message_of(alerts, wanted[0])
    told = [one.id for one in found.preview.ends if one.id not in waiting]
    known = StoredMessage(told[0], await message_of(alerts, told[0])) if told else None
    references = (follow_up.own_reference(part),)
    return replace(found, parts=(part,), references=references, alert_ids=tuple(wanted)), known


def _several(name: str, messages: Sequence[StoredAlert]) -> RequestRefused:
    """Return the refusal of a change of what goes on in several messages, each of which can be changed by itself."""
    called = {one.id: legible(one.headline or one.event) for one in messages}
    words = WORDS[name]
    de, en = (", ".join(quoted(one, language) for one in called.values()) for language in LANGUAGES)
    detail = Said(words.de.format(headlines=de), words.en.format(headlines=en))
    return RequestRefused(ProblemType.CONFLICT, detail, extra={"parts": called})


def _ended(reason: Reason) -> Said:
    words = WORDS["compose_ended"]
    why = [desk_texts(language).unsent.get(reason, reason.value) for language in ("de", "en")]
    return Said(words.de.format(why=why[0]), words.en.format(why=why[1]))


async def template_of(visit: Visit, draft: Draft) -> tuple[Template, TemplateVersion]:
    """Return the template of a draft, in the version that may be used. Raises `RequestRefused`."""
    versions = await visit.dependencies.templates.versions(draft.template)
    version = version_to_fill(versions, draft.version, visit.environment)
    return await asyncio.to_thread(parse, version.content), version


async def made(visit: Visit, at: Drafting) -> Composed:
    """Return the message of a draft, or what is wrong with it. Raises `RequestRefused` where nobody may send it."""
    # In a thread: a long list of municipalities, or a wide corridor, takes some hundred milliseconds.
    return await asyncio.to_thread(composed, at.draft, context(visit, at))


def context(visit: Visit, at: Drafting) -> ComposeContext:
    """Return with what the message of a draft is made. Raises `RequestRefused` where nobody may send it."""
    assert at.sent is not None  # noqa: S101 - the caller has said it
    sent = follow_up.next_moment(at.standing.parts[0], at.sent) if at.standing else at.sent
    if not at.senders:
        raise RequestRefused(ProblemType.INVALID_REQUEST, said(Phrase.TEMPLATE_SENDER_MISSING))
    return ComposeContext(
        boundaries=visit.dependencies.boundaries,
        zone=visit.parts.zone,
        sent=sent,
        senders=at.senders,
        is_exercise=visit.environment is Environment.EXERCISE,
        template=at.template,
        version=at.version.version if at.version else None,
        earlier=at.standing.parts if at.standing else (),
        references=at.standing.references if at.standing else (),
    )
