"""Answer the overview of the desk: the alerts that the person's list of the API has too, each with how it stands."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dispatcher.access.permissions import Permission
from dispatcher.api.alerts import ALERT_ID, source_listed
from dispatcher.api.approvals.deciding import may_approve
from dispatcher.api.approvals.territory import holds_in
from dispatcher.api.console.desk.condition import read_condition
from dispatcher.api.console.desk.reading import OLDER, read_older, read_overview
from dispatcher.console.desk.overview import DeskEntry, is_correctable, version_of
from dispatcher.console.desk.readiness import readiness
from dispatcher.desk_texts.catalogue import DeskLanguage, desk_texts
from dispatcher.desk_texts.desk import Desk
from dispatcher.desk_texts.sms import money, number
from dispatcher.model.status import over
from dispatcher.model.vocabulary import DISPATCHED_STATES

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.responses import Response

    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.console.desk.overview import DeskReading
    from dispatcher.console.desk.readiness import ServiceCondition, ServiceReadiness
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.status import Over
    from dispatcher.model.vocabulary import Environment
    from dispatcher.sms.canary_cost import CanaryCost

_ALERT_ID: Final = re.compile(ALERT_ID)


async def show(visit: Visit, reader: Principal) -> Response:
    """Show the overview, or one of its lists with older ones (`?list=sent&before=ID`)."""
    named = visit.request.query_params.get("list", "")
    if named in OLDER:
        return _page(visit, reader, await _older(visit, reader, named), None, named)
    reading = await desk_reading(visit.dependencies, visit.environment, source_listed(reader))
    return _page(visit, reader, reading, await service_condition(visit.dependencies), "")


async def desk_reading(
    dependencies: ApiDependencies, environment: Environment, source: str | None
) -> DeskReading:
    """Return what the overview shows of a source's alerts, or of all (None), as of the last second."""
    found: DeskReading = await dependencies.readings.get(
        ("desk", environment, source),
        lambda: read_overview(dependencies, dependencies.counts, environment, source),
    )
    return found


async def service_condition(dependencies: ApiDependencies) -> ServiceCondition:
    """Return how the service stands, as of the last second."""
    found: ServiceCondition = await dependencies.readings.get(
        "condition", lambda: read_condition(dependencies)
    )
    return found


async def desk_version(dependencies: ApiDependencies, environment: Environment) -> str:
    """Return what changes with whatever any desk of the environment shows."""
    reading = await desk_reading(dependencies, environment, None)
    return version_of(reading, readiness(await service_condition(dependencies)))


async def _older(visit: Visit, reader: Principal, name: str) -> DeskReading:
    before = visit.request.query_params.get("before", "")
    wanted = replace(
        OLDER[name],
        before=before if _ALERT_ID.fullmatch(before) else None,
        environment=visit.environment,
    )
    source = source_listed(reader)
    return await read_older(visit.dependencies, visit.dependencies.counts, source, name, wanted)


def _page(
    visit: Visit, reader: Principal, reading: DeskReading, condition: ServiceCondition | None, named: str
) -> Response:
    entry, texts = _entries(visit, reading), desk_texts(visit.language)
    ready = condition and readiness(condition)
    return visit.page(
        "desk",
        sections=[(one, [entry(alert) for alert in one.alerts]) for one in reading.lists],
        said=_said(visit, reading, ready) if ready else "",
        zone=str(visit.parts.zone),
        list=named,
        now=reading.now,
        away=lambda moment: visit.away(moment, reading.now),
        sees_all=reader.may(Permission.READ_ANY_ALERT),
        own_source=reader.source.name if reader.source else "",
        condition=condition,
        ready=ready,
        in_lanes=lambda found: ", ".join(texts.lanes[one] for one in found),
        channels=texts.channels,
        canary_cost=lambda cost: _canary_cost(visit, cost),
        failures=texts.failures,
        feed_results=texts.feed_results,
        kinds=texts.reasons,
        states=texts.alert_states,
        unsent=texts.unsent,
        doubts=texts.doubts,
    )


def _canary_cost(visit: Visit, cost: CanaryCost) -> str:
    """Return what a receiver's tests take in a month, as far as it is known."""
    language = DeskLanguage(visit.language)
    desk = Desk(desk_texts(language), language, visit.parts.zone)
    values = {
        "texts": number(cost.texts, desk),
        "parts": "" if cost.parts is None else number(cost.parts, desk),
    }
    if cost.parts is None:
        return visit.word("desk_canary_texts", **values)
    if cost.price is None:
        return visit.word("desk_canary_parts", **values)
    return visit.word("desk_canary_price", **values, price=money(float(cost.price), cost.currency, desk))


def _said(visit: Visit, reading: DeskReading, ready: ServiceReadiness) -> str:
    """Return what a screen reader says of a desk that has changed."""
    counts = {one.name: len(one.alerts) + one.left_out for one in reading.lists}
    waiting = visit.word("desk_said", held=counts["held"], in_force=counts["in_force"])
    return f"{waiting} {visit.word(f'desk_verdict_{ready.verdict}')}"


def _entries(visit: Visit, reading: DeskReading) -> Callable[[StoredAlert], DeskEntry]:
    """Return what makes an entry for the person of an alert of the reading."""
    corrector = visit.holder(Permission.CORRECT_ALERTS)
    approver = visit.holder(Permission.APPROVE_ALERTS)
    requests = reading.requests if visit.holder(Permission.READ_APPROVALS) else {}

    def entry(alert: StoredAlert) -> DeskEntry:
        (names, municipalities), now = reading.places[alert.id], reading.now
        codes, request = reading.codes.get(alert.id, set()), requests.get(alert.id)
        return DeskEntry(
            alert,
            tuple(names),
            municipalities,
            _over(reading, alert, now),
            reading.counts.get(alert.id),
            request,
            is_correctable=is_correctable(alert, now)
            and corrector is not None
            and holds_in(corrector, Permission.CORRECT_ALERTS, codes),
            is_decidable=approver is not None
            and request is not None
            and may_approve(approver, request, codes, now),
        )

    return entry


def _over(reading: DeskReading, alert: StoredAlert, now: datetime) -> Over | None:
    stopper = reading.stoppers.get(alert.stopped_by or "")
    return over(alert, stopper, now) if alert.state in DISPATCHED_STATES else None
