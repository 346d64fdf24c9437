"""Answer the page on which one person takes a warning back that was wrong, in one step."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from channels.characters import legible
from dispatcher.access.permissions import Permission
from dispatcher.api.alerts import correct_alert, correctable
from dispatcher.api.approvals.territory import holds_in
from dispatcher.api.console.visits import alert_id_of
from dispatcher.console.words import quoted
from dispatcher.desk_texts.catalogue import desk_texts
from dispatcher.intake.correction.prepared import Falsehood
from dispatcher.model.desk_time import desk_time
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.status import OverReason, owed_recipients
from dispatcher.model.vocabulary import DISPATCHED_STATES, FEED_PREFIX, Environment
from dispatcher.texts.choice import preferred

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.responses import Response

    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.status import Over

UPDATES_MAX: Final = 100
"""How many messages in a row are followed to the one that holds now."""


async def show(visit: Visit, corrector: Principal) -> Response:
    """Show what a correction would say, for each thing that may have been wrong, or what became of the warning."""
    return await _shown(visit, corrector)


async def correct(visit: Visit, corrector: Principal) -> Response:
    """Take the warning back, at once. Where it has ended already the page says so, and nobody is told again."""
    alert_id, what = alert_id_of(visit), visit.fields.get("what", "")
    if what not in set(Falsehood):
        return await _shown(visit, corrector, visit.word("correct_nothing"), HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        await correct_alert(visit.dependencies, corrector, alert_id, Falsehood(what))
    except RequestRefused as refused:
        if refused.type in {ProblemType.NOT_FOUND, ProblemType.OUTSIDE_TERRITORY}:
            raise
        detail = visit.nothing_done(refused)
        return await _shown(visit, corrector, detail, HTTPStatus(refused.status))
    return visit.to(f"/alerts/{alert_id}/correct")


async def _shown(
    visit: Visit, corrector: Principal, refusal: str = "", status: HTTPStatus = HTTPStatus.OK
) -> Response:
    alert, _source, _by = await correctable(visit.dependencies, corrector, alert_id_of(visit))
    latest, over = await _latest(visit, alert)
    ending = await visit.dependencies.alerts.get(over.by) if over and over.by else None
    prepared = await visit.dependencies.corrections.prepared(latest)
    counted = ending or latest
    return visit.page(
        "correction",
        status,
        refusal=refusal,
        alert=alert,
        latest=latest,
        is_over=over is not None,
        why_over=await why_over(visit, over),
        ending=ending,
        is_unsent=latest.state not in DISPATCHED_STATES,
        progress=(await visit.dependencies.statuses.counted(counted)).progress,
        is_planned=counted.planned_at is not None,
        owed=owed_recipients,
        prepared={what.value: preferred(said.infos, visit.language) for what, said in prepared.items()},
        now=await visit.dependencies.approvals.now(),
    )


async def _latest(visit: Visit, alert: StoredAlert) -> tuple[StoredAlert, Over | None]:
    """Return the message that holds in the alert's place by now, and why that is over, if it is."""
    for _ in range(UPDATES_MAX):
        over = await visit.dependencies.statuses.over(alert)
        if over is None or over.reason is not OverReason.REPLACED or over.by is None:
            break
        later = await visit.dependencies.alerts.get(over.by)
        if later is None:
            break
        alert = later
    return alert, over


def may_correct(visit: Visit, alert: StoredAlert, codes: Collection[str]) -> bool:
    """Whether the page of its correction takes the alert, with its municipalities (AGS): of a feed its own source
    corrects.
    """
    if alert.source_id.startswith(FEED_PREFIX) or alert.state not in DISPATCHED_STATES:
        return False
    permission = Permission.CORRECT_ALERTS
    corrector = visit.holder(permission)
    return corrector is not None and holds_in(corrector, permission, codes)


async def why_over(visit: Visit, over: Over | None) -> str:
    """Say why the warning is no longer in force, since when, and by which message, called by its headline where the
    person may follow it; nothing while it is.
    """
    if over is None:
        return ""
    at = desk_time(over.at, visit.parts.zone, visit.language)
    if visit.environment is Environment.EXERCISE:
        return visit.word("drill_over", at=at)
    return desk_texts(visit.language).over[over.reason].format(at=at, by=await _called(visit, over.by or ""))


async def _called(visit: Visit, alert_id: str) -> str:
    alert = await visit.dependencies.alerts.get(alert_id) if alert_id else None
    reader = visit.principal
    if alert is None or reader is None or not reader.may_follow(alert.source_id):
        return alert_id
    return quoted(legible(alert.headline or alert.event), visit.language)
