"""Read the course of an alert: the messages of its graph, and what happened to each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dispatcher.console.alert.timeline import MESSAGES_MAX, timeline
from dispatcher.store.alerts.history import histories

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatcher.access.principals import Principal
    from dispatcher.console.alert.timeline import Timeline
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.store.alerts.alerts import Submission


class AlertCourse(NamedTuple):
    """The course of an alert."""

    messages: list[StoredAlert]
    """Those of its graph that the reader may follow, in order of arrival."""
    replaced: Mapping[str, frozenset[str]]
    """For each message those which it replaces or ends."""
    timeline: Timeline


async def course_of(reading: Submission, reader: Principal, alert: StoredAlert) -> AlertCourse:
    """Return the course of an alert that the reader may follow, as of the snapshot."""
    chain = [
        one
        for one in await reading.chains([alert.chain_id])
        if reader.may_follow(one.source_id) and one.environment is alert.environment
    ]
    courses = await histories(reading.connection, [one.id for one in chain[-MESSAGES_MAX:]])
    replaced = await reading.replaced([alert.chain_id])
    return AlertCourse(chain, replaced, timeline(chain, courses, reading.now))
