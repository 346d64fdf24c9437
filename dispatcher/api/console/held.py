"""Answer the pages on which an operator reads what waits for a person, releases or discards it."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from dispatcher.access.permissions import Permission
from dispatcher.api.console.approvals import (
    mistyped,
    municipalities_in_words,
    people_in_words,
    why_there,
)
from dispatcher.api.console.visits import alert_id_of
from dispatcher.api.held import deciding
from dispatcher.api.held.bodies import DiscardWanted
from dispatcher.console.approvals import (
    LISTED_MAX,
    longest_waiting_first,
    severity_of,
    texts_shown,
    why_held,
)
from dispatcher.desk_texts.catalogue import desk_texts
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.vocabulary import AlertState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit
    from dispatcher.api.held.deciding import ShownHeld

_TARGET: Final = re.compile(r"[0-9a-f]{64}")


async def show_list(visit: Visit, reader: Principal) -> Response:
    """List what waits for a person, the gravest and oldest first, and SMS that wait for a budget."""
    return await _listed(visit, reader)


async def show(visit: Visit, reader: Principal) -> Response:
    """Show one message with why it waits and whom it would reach, or what became of it."""
    return await _shown(visit, reader)


async def lead_back(visit: Visit, reader: Principal) -> Response:
    """Lead to the message whoever loads the address of a decision, which takes a form."""
    del reader
    return visit.to(f"/held/{alert_id_of(visit)}")


async def lead_to_list(visit: Visit, reader: Principal) -> Response:
    """Lead to the list whoever loads the address at which SMS are sent, which takes a form."""
    del reader
    return visit.to("/held")


async def release(visit: Visit, operator: Principal) -> Response:
    """Send the message that was shown, if the person also typed to how many it goes, and says why: people, or
    municipalities where nobody can count these.
    """
    alert_id, why = alert_id_of(visit), _why(visit)
    target, shown = visit.fields.get("target", ""), visit.fields.get("shown", "")
    people = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 12 else None
    if not why:
        return await _missing(visit, operator)
    if await deciding.is_end(visit.dependencies, operator, alert_id):
        people = None
    elif word := await mistyped(visit, alert_id, people):
        return await _shown(visit, operator, visit.word(word), HTTPStatus.UNPROCESSABLE_ENTITY)
    # What is no hash at all is not that of any target.
    seen = (target if _TARGET.fullmatch(target) else "-", people)
    step = partial(deciding.release, visit.dependencies, operator, alert_id, why, seen)
    return await _decided(visit, operator, step)


async def discard(visit: Visit, operator: Principal) -> Response:
    """Never send the message, for the reason that the person gives."""
    why = _why(visit)
    if not why:
        return await _missing(visit, operator)
    step = partial(deciding.discard, visit.dependencies, operator, alert_id_of(visit), why)
    return await _decided(visit, operator, step)


async def send_sms(visit: Visit, operator: Principal) -> Response:
    """Send SMS that wait for a budget, for the reason that the person gives."""
    why = _why(visit)
    if not why:
        said = visit.word("held_reason_missing")
        return await _listed(visit, operator, said, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        await deciding.send_sms(visit.dependencies, operator, alert_id_of(visit), why)
    except RequestRefused as refused:
        if refused.type is ProblemType.NOT_FOUND:
            raise
        detail = refused.detail.in_language(visit.language)
        return await _listed(visit, operator, detail, HTTPStatus(refused.status))
    return visit.to("/held")


def _why(visit: Visit) -> str:
    """Return the reason that a form gives; nothing where the API takes none such."""
    try:
        return DiscardWanted(why=visit.fields.get("why", "").strip()).why
    except ValidationError:
        return ""


async def _missing(visit: Visit, operator: Principal) -> Response:
    said = visit.word("held_reason_missing")
    return await _shown(visit, operator, said, HTTPStatus.UNPROCESSABLE_ENTITY)


async def _decided(visit: Visit, operator: Principal, step: Callable[[], Awaitable[None]]) -> Response:
    """Take a step, and lead to what became of the message; or show it as it stands now, and why nothing was done."""
    try:
        await step()
    except RequestRefused as refused:
        if refused.type is ProblemType.NOT_FOUND:
            raise
        detail = visit.nothing_done(refused)
        return await _shown(visit, operator, detail, HTTPStatus(refused.status))
    return visit.to(f"/held/{alert_id_of(visit)}")


async def _listed(
    visit: Visit, reader: Principal, refusal: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Response:
    found = await deciding.waiting(visit.dependencies, reader)
    asked = {one.alert_id for one in await visit.dependencies.approvals.waiting() if one.is_needed}
    now = await visit.dependencies.approvals.now()
    own = longest_waiting_first(one for one in found.alerts if one.id not in asked)
    return visit.page(
        "held_list",
        status,
        refusal=refusal,
        waiting=own[:LISTED_MAX],
        left_out=len(own[LISTED_MAX:]),
        elsewhere=len(found.alerts) - len(own),
        may_read_approvals=reader.may(Permission.READ_APPROVALS),
        may_decide=reader.may(Permission.DECIDE_HELD),
        severity_of=severity_of,
        reasons=lambda alert: why_held(alert.held_for, visit.language),
        sms=found.sms,
        people_of=lambda count: people_in_words(visit, count),
        away=lambda moment: visit.away(moment, now),
    )


async def _shown(
    visit: Visit, reader: Principal, refusal: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Response:
    shown = await deciding.shown(visit.dependencies, reader, alert_id_of(visit))
    alert, texts = shown.alert, desk_texts(visit.language)
    people = "" if shown.is_ending else people_in_words(visit, shown.people)
    is_uncounted = not shown.is_counted and not shown.is_ending
    return visit.page(
        "held_message",
        status,
        refusal=refusal,
        shown=shown,
        alert=alert,
        severity=severity_of(alert),
        people=people,
        counted=visit.word("held_planned", people=people)
        if is_uncounted and shown.people is not None
        else people,
        is_uncounted=is_uncounted,
        municipalities=municipalities_in_words(visit, len(shown.places)),
        reasons=why_held(alert.held_for, visit.language),
        away=lambda moment: visit.away(moment, shown.now),
        # In a thread: a text of some thousand characters takes seconds to be cut to the parts of an SMS.
        texts=await asyncio.to_thread(texts_shown, shown, visit.parts.sms_parts),
        places=[(one, why_there(visit, one)) for one in shown.places],
        over="" if shown.waits else _over(visit, shown, texts.alert_states, texts.reasons),
        may_read_approvals=reader.may(Permission.READ_APPROVALS),
        may_read_alert=alert.state is not AlertState.HELD and reader.may(Permission.READ_ANY_ALERT),
        may_decide=shown.waits and deciding.may_decide(reader, shown.places),
    )


def _over(visit: Visit, shown: ShownHeld, states: Any, reasons: Any) -> str:
    alert = shown.alert
    return visit.word("held_over", state=states[alert.state], reason=reasons[alert.reason])
