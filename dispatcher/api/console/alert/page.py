"""Answer the page of one alert: what people read, where, how far it has come, and what can be done about it."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING

from dispatcher.api.alerts import followed
from dispatcher.api.console.alert.acts import HowItWaits
from dispatcher.api.console.alert.changed import changed_by, waiting_changes
from dispatcher.api.console.alert.gaps import gap_values
from dispatcher.api.console.alert.letters import letter_values
from dispatcher.api.console.alert.standing import head_values, place_values, progress_values
from dispatcher.api.console.approvals import living_said, names_of
from dispatcher.api.console.visits import alert_id_of
from dispatcher.api.situation.course import course_of
from dispatcher.api.situation.coverage import place_counts
from dispatcher.boundaries.base_map import map_credit
from dispatcher.console.alert.area_map import area_map
from dispatcher.console.alert.broadcast import broadcast_text
from dispatcher.console.alert.chain import NEIGHBOURS_MAX, neighbours
from dispatcher.console.alert.told import told_texts
from dispatcher.console.approvals import number, texts_shown
from dispatcher.desk_texts.catalogue import desk_texts
from dispatcher.model.desk_time import desk_time
from dispatcher.model.vocabulary import AlertState, Environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from starlette.responses import Response

    from dispatcher.access.principals import Principal
    from dispatcher.api.console.visits import Visit
    from dispatcher.console.alert.broadcast import BroadcastText, MissingMember
    from dispatcher.console.approvals import ShownText
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert


async def show(visit: Visit, reader: Principal) -> Response:
    """Show the alert to whoever may follow it at the API."""
    return await shown(visit, reader)


async def shown(
    visit: Visit, reader: Principal, said: Sequence[str] = (), status_code: HTTPStatus = HTTPStatus.OK
) -> Response:
    """Return the page of the alert in the address, with what is `said` first. Raises `RequestRefused`."""
    dependencies = visit.dependencies
    alert = await followed(dependencies, reader, alert_id_of(visit))
    status = await dependencies.statuses.without_municipalities(alert)
    places = await dependencies.alerts.affected(alert.id)
    request = await dependencies.approvals.get(alert.id)
    async with dependencies.alerts.snapshot() as reading:
        now = reading.now
        course = await course_of(reading, reader, alert)
        changed, waiting = await changed_by(reading, alert), await waiting_changes(reading, alert)
        shape = await reading.shape(alert.id)
    texts, written = desk_texts(visit.language), await _texts(visit, alert, places, now)
    base = visit.parts.base_map
    counts = await place_counts(dependencies, alert)
    broadcast = (
        broadcast_text(written[0].document, written[0].language)
        if written and alert.environment is Environment.LIVE and alert.state is not AlertState.RECORDED
        else None
    )
    return visit.page(
        "alert",
        status_code,
        said=said,
        request=request,
        **await head_values(
            visit,
            reader,
            status,
            [one.ags for one in places],
            now,
            waits=HowItWaits(request is not None and request.is_needed, changed.is_in_force),
        ),
        chain=neighbours(alert.id, course.messages, course.replaced),
        changed=[one for one in changed.messages if reader.may_follow(one.source_id)],
        waiting=[one for one in waiting if reader.may_follow(one.source_id)],
        neighbours_max=NEIGHBOURS_MAX,
        timeline=course.timeline,
        reasons=texts.reasons,
        to_the_second=lambda at: desk_time(at, visit.parts.zone, visit.language, seconds=True),
        texts=written,
        **place_values(visit, places, counts),
        living=living_said(visit, places),
        **gap_values(visit, status, places, counts),
        **await letter_values(visit, alert, places, is_over=status.over is not None),
        broadcast=broadcast,
        left_out=_left_out(visit, broadcast) if broadcast else "",
        area_map=await asyncio.to_thread(
            area_map, dependencies.boundaries, [one.ags for one in places], shape, base
        ),
        map_label=visit.word("map_label", names=names_of(visit, [one.name for one in places])),
        map_credit=map_credit(dependencies.boundaries.provenance.attribution, base),
        **progress_values(status, visit.desk),
    )


async def _texts(
    visit: Visit, alert: StoredAlert, places: Sequence[AffectedMunicipality], now: datetime
) -> list[ShownText]:
    """Return what people read: of what goes out as of when it does, of anything else as of now or of when it came."""
    message = await visit.dependencies.alerts.message(alert.id)
    if message is None:
        return []
    at = alert.planned_at or (now if alert.state is AlertState.HELD else alert.received_at)
    texts = visit.dependencies.held.texts

    def shown_texts() -> list[ShownText]:
        told = told_texts(texts, message, alert, places, at)
        return texts_shown(told, visit.parts.sms_parts)

    # In a thread: a text of some thousand characters takes seconds to be cut to the parts of an SMS.
    return await asyncio.to_thread(shown_texts)


def _left_out(visit: Visit, text: BroadcastText) -> str:
    """Say what had no room in a text; nothing where it is whole."""

    def named(one: MissingMember) -> str:
        if not one.sentences:
            return visit.word("broadcast_cut")
        word = "broadcast_left_one" if one.sentences == 1 else "broadcast_left"
        return visit.word(word, what=visit.word(one.name), count=number(one.sentences, visit.language))

    return "; ".join(map(named, text.left_out))
