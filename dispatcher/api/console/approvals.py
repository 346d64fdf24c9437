"""Answer the pages on which a second person reads what waits, approves or rejects it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from dispatcher.access.permissions import Permission
from dispatcher.api.alerts import followed
from dispatcher.api.approvals import deciding
from dispatcher.api.approvals.bodies import RejectionWanted
from dispatcher.api.approvals.deciding import may_approve, may_reject, refusal_phrase
from dispatcher.api.console.alert.changed import named_by, read_of
from dispatcher.api.console.corrections import may_correct
from dispatcher.api.console.visits import alert_id_of
from dispatcher.audience.reach import people_living
from dispatcher.console.approvals import (
    LISTED_MAX,
    WaitingMessage,
    has_ended,
    is_count,
    number,
    ordered,
    reasons,
    severity_of,
    state_now,
    texts_shown,
    timers,
)
from dispatcher.console.differences import ComparedMessage, MessageChanges, changes
from dispatcher.desk_texts.catalogue import desk_texts
from dispatcher.intake.four_eyes.binding import binding
from dispatcher.intake.four_eyes.states import DecisionRefusal, may_go_when_counted, refused_person
from dispatcher.model.approval.request import ApprovalDecision, most_recipients
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.status import owed_recipients
from dispatcher.model.vocabulary import DISPATCHED_STATES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit
    from dispatcher.intake.four_eyes.deciding import ShownMessage
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert

SMALL_SHARE: Final = 0.01
"""Below it a share is said to be less than one percent: `0 %` beside a place that is warned would deny it."""
NAMES_MAX: Final = 6
"""How many municipalities stand beside the question; all of them stand below it."""


async def show_list(visit: Visit, reader: Principal) -> Response:
    """List what waits: first what the person may approve, then what others do; the gravest and oldest first."""
    requests = {one.alert_id: one for one in await visit.dependencies.approvals.waiting()}
    async with visit.dependencies.alerts.snapshot() as reading:
        alerts, codes = await reading.several(list(requests)), await reading.codes(list(requests))
        now = reading.now
    waiting = [
        WaitingMessage(
            requests[one.id],
            one,
            len(codes[one.id]),
            may_approve(reader, requests[one.id], codes[one.id], now),
        )
        for one in alerts
        if one.environment is visit.environment
    ]
    sections = {
        "for_you": ordered(one for one in waiting if one.is_mine),
        "for_others": ordered(one for one in waiting if not one.is_mine),
    }
    return visit.page(
        "approvals",
        sections={name: found[:LISTED_MAX] for name, found in sections.items()},
        left_out={name: len(found[LISTED_MAX:]) for name, found in sections.items()},
        people_of=lambda count: people_in_words(visit, count),
        timers=timers,
        reasons=lambda request: reasons(request, visit.language),
        away=lambda moment: visit.away(moment, now),
        now=now,
    )


async def show(visit: Visit, reader: Principal) -> Response:
    """Show one message with all that is approved, or what became of it. Whoever asks for one about which nobody was
    asked, such as a warning that went out by itself, is led to the page of the alert.
    """
    try:
        return await _shown(visit, reader)
    except RequestRefused as refused:
        if refused.type is not ProblemType.NOT_FOUND:
            raise
        follower = visit.holder(Permission.READ_ALERTS)
        if follower is None:
            raise
        alert = await followed(visit.dependencies, follower, alert_id_of(visit))
        return visit.to(f"/alerts/{alert.id}")


async def lead_back(visit: Visit, reader: Principal) -> Response:
    """Lead to the message whoever loads the address of a decision, which takes a form."""
    del reader
    return visit.to(f"/approvals/{alert_id_of(visit)}")


async def approve(visit: Visit, approver: Principal) -> Response:
    """Send the message that was shown, if the person also typed to how many it goes: people, or municipalities where
    nobody has been able to count these yet.
    """
    alert_id, seen = alert_id_of(visit), visit.fields.get("binding", "")
    request = await visit.dependencies.approvals.get(alert_id)
    # What has changed since is said before what was typed: the number may be another one by now.
    is_current = request is not None and seen == binding(request.content_sha256, request.people)
    if request and is_current and (word := await mistyped(visit, request.alert_id, request.people)):
        return await _shown(visit, approver, visit.word(word), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        await deciding.approve(visit.dependencies, approver, alert_id, seen)
    except RequestRefused as refused:
        return await _refused(visit, approver, refused, ApprovalDecision.APPROVE)
    return visit.to(f"/approvals/{alert_id}")


async def mistyped(visit: Visit, alert_id: str, people: int | None) -> str:
    """Return which word says that the number is not the one that was shown of a message; nothing where it is. Without a
    number of people the person types for how many municipalities it is.
    """
    if people is not None:
        return "" if is_count(visit.fields.get("people", ""), people) else "mistyped"
    async with visit.dependencies.alerts.snapshot() as reading:
        codes = (await reading.codes([alert_id]))[alert_id]
    return "" if is_count(visit.fields.get("municipalities", ""), len(codes)) else "mistyped_municipalities"


async def reject(visit: Visit, approver: Principal) -> Response:
    """Never send the message, for the reason that the person gives."""
    alert_id = alert_id_of(visit)
    try:
        wanted = RejectionWanted(why=visit.fields.get("why", "").strip())
    except ValidationError:
        return await _shown(visit, approver, visit.word("reason_missing"), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        await deciding.reject(visit.dependencies, approver, alert_id, wanted.why)
    except RequestRefused as refused:
        return await _refused(visit, approver, refused, ApprovalDecision.REJECT)
    return visit.to(f"/approvals/{alert_id}")


async def _refused(
    visit: Visit, approver: Principal, refused: RequestRefused, wanted: ApprovalDecision
) -> Response:
    """Show the message as it stands now, and why nothing was done. Who presses twice is led to what became of it."""
    if refused.type is ProblemType.NOT_FOUND:
        return visit.refusal(refused)
    alert_id = alert_id_of(visit)
    request = await visit.dependencies.approvals.get(alert_id)
    if request and (request.decision, request.decided_by) == (wanted, approver.actor):
        return visit.to(f"/approvals/{alert_id}")
    detail = visit.nothing_done(refused)
    return await _shown(visit, approver, detail, HTTPStatus(refused.status))


async def _shown(
    visit: Visit, reader: Principal, refusal: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Response:
    shown = await deciding.shown(visit.dependencies, reader, alert_id_of(visit))
    alert = await visit.dependencies.alerts.get(shown.request.alert_id)
    assert alert is not None  # noqa: S101 - it was shown
    request, codes = shown.request, [place.ags for place in shown.places]
    hindrance = _hindrance(visit, reader, shown)
    progress = None
    if alert.state in DISPATCHED_STATES:
        progress = (await visit.dependencies.statuses.counted(alert)).progress
    return visit.page(
        "approval",
        status,
        refusal=refusal,
        shown=shown,
        request=request,
        alert=alert,
        severity=severity_of(alert),
        state=desk_texts(visit.language).approval_states[state_now(shown)],
        is_over=has_ended(state_now(shown)),
        people=people_in_words(visit, request.people),
        most=people_in_words(visit, most_recipients(request.people)),
        municipalities=municipalities_in_words(visit, len(codes)),
        may_go_when_counted=may_go_when_counted(request),
        reasons=reasons(request, visit.language),
        timers=timers(request),
        away=lambda moment: visit.away(moment, shown.now),
        # In a thread: a text of some thousand characters takes seconds to be cut to the parts of an SMS.
        texts=await asyncio.to_thread(texts_shown, shown, visit.parts.sms_parts),
        places=[(one, why_there(visit, one)) for one in shown.places],
        names=lambda places: names_of(visit, [place.name for place, _why in places]),
        replaced=await _replaced(visit, alert, shown),
        hindrance=hindrance,
        may_approve=not hindrance,
        may_reject=may_reject(reader, request, codes, shown.now),
        is_sent=alert.state in DISPATCHED_STATES,
        may_correct=may_correct(visit, alert, codes),
        progress=progress,
        is_planned=alert.planned_at is not None,
        owed=owed_recipients,
        alert_state=desk_texts(visit.language).alert_states[alert.state],
    )


def _hindrance(visit: Visit, reader: Principal, shown: ShownMessage) -> str:
    """Return why the person cannot approve the message, as far as it is known before it tries; nothing if it may."""
    request = shown.request
    if not request.is_needed:
        return visit.word("operators_decide", id=request.alert_id)
    refusal = refused_person(request, reader.author, shown.now)
    if refusal not in {None, DecisionRefusal.OWN}:
        return _phrase(visit, refusal_phrase(refusal))
    if not reader.may(Permission.APPROVE_ALERTS):
        return visit.word("read_only")
    if refusal is not None:
        return _phrase(visit, refusal_phrase(refusal))
    if not may_approve(reader, request, [place.ags for place in shown.places], shown.now):
        return _phrase(visit, Phrase.APPROVAL_OUTSIDE_TERRITORY)
    return "" if shown.is_as_held else _phrase(visit, Phrase.APPROVAL_CHANGED)


async def _replaced(
    visit: Visit, alert: StoredAlert, shown: ShownMessage
) -> tuple[StoredAlert | None, MessageChanges | None] | None:
    """Return the message that this one changes, and what is otherwise in this one; None where it changes none that
    people have read, and no message where it changes one that nobody here knows.
    """
    async with visit.dependencies.alerts.snapshot() as reading:
        message = await reading.message(alert.id)
        if message is None or not message.references:
            return None
        named = await named_by(reading, message)
        if not named:
            return None, None
        earlier = await read_of(reading, named)
        if not earlier:
            return None
        last = max(earlier, key=lambda one: one.sent)
        before = await reading.message(last.id)
        assert before is not None  # noqa: S101 - it is in the same snapshot
        places = {place.ags: place for one in earlier for place in await reading.places(one.id)}
    was = ComparedMessage(before, last.expires, [*places.values()])
    return last, changes(was, ComparedMessage(message, alert.expires, shown.places), visit.language)


def _phrase(visit: Visit, phrase: Phrase) -> str:
    return said(phrase).in_language(visit.language)


def people_in_words(visit: Visit, count: int | None) -> str:
    """Say how many people; None: that nobody knows yet."""
    if count is None:
        return visit.word("people_uncounted")
    return visit.word("person" if count == 1 else "people", people=number(count, visit.language))


def municipalities_in_words(visit: Visit, count: int) -> str:
    """Say how many municipalities."""
    word = "municipality_count" if count == 1 else "municipalities_count"
    return visit.word(word, count=number(count, visit.language))


def names_of(visit: Visit, names: list[str]) -> str:
    """Say the first names, and how many more there are."""
    shown, more = ", ".join(names[:NAMES_MAX]), len(names[NAMES_MAX:])
    return visit.word("and_more", names=shown, count=number(more, visit.language)) if more else shown


def why_there(visit: Visit, place: AffectedMunicipality) -> str:
    """Say how much of a municipality is warned."""
    if place.is_named:
        return visit.word("whole")
    if place.share < SMALL_SHARE:
        return visit.word("share_little")
    return visit.word("share", percent=round(place.share * 100))


def living_said(visit: Visit, places: Sequence[AffectedMunicipality]) -> str:
    """Say how many people live where it is warned; nothing where the boundary data do not know it."""
    found = people_living(places, visit.dependencies.boundaries)
    if found is None:
        return ""
    if found.least == found.most:
        word = "compose_population"
    else:
        word = "compose_population_between" if found.least else "compose_population_most"
    least, most = (number(one, visit.language) for one in (found.least, found.most))
    return visit.word(word, least=least, most=most)
