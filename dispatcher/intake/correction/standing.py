"""Find what of a warning stands, which is what a message about it names: references are a graph, and only the record
knows what holds in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import cap
from cap import follow_up
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatcher.access.principals import Principal
    from dispatcher.intake.submission import Preview, SubmissionIntake
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.store.alerts.alerts import Alerts

    Build = Callable[[Sequence[cap.Alert], tuple[cap.Reference, ...]], cap.Alert]
    """Makes a message about these parts of a warning, with references to all that it has to name."""

TRIES_MAX: Final = 20
"""How often what holds is looked up anew: each look finds another message that it names from then on."""


@dataclass(frozen=True, slots=True)
class StandingWarning:
    """What stands of a warning, and the message about it."""

    parts: tuple[cap.Alert, ...]
    """The messages that hold: several where it goes on in parts."""
    references: tuple[cap.Reference, ...]
    alert_ids: tuple[str, ...]
    """All messages of record that it names."""
    raw: bytes
    """The message about them."""
    preview: Preview


async def find_standing(
    alerts: Alerts, intake: SubmissionIntake, source: Principal, alert: StoredAlert, build: Build
) -> StandingWarning:
    """Return what stands of the alert, by asking what the message about it would do. Equal warnings of the same source
    are named as well, which nobody was told of: they would be sent in its place. Nothing is sent. Raises like
    `SubmissionIntake.preview`.
    """
    parts = [await message_of(alerts, alert.id)]
    named, alert_ids = [follow_up.own_reference(parts[0])], [alert.id]
    for _ in range(TRIES_MAX):
        raw = cap.render(build(parts, tuple(named)))
        try:
            preview = await intake.preview(source, raw)
        except RequestRefused as refused:
            if refused.type is not ProblemType.REFERENCE_REPLACED or not refused.extra.get("in_force"):
                raise
            alert_ids = [await _identified(alerts, one) for one in _in_force(refused)]
            parts = [await message_of(alerts, alert_id) for alert_id in alert_ids]
            named = [follow_up.own_reference(one) for one in parts]
            continue
        known = [one for one in preview.ends if one.source_id == alert.source_id]
        waits = {one.id for one in preview.withdrawn}
        if known and waits.issuperset(alert_ids):
            # People have read what it was to change: that is what they are told about.
            parts = [await message_of(alerts, one.id) for one in known]
            named += [own for own in map(follow_up.own_reference, parts) if own not in named]
            alert_ids = [*alert_ids, *(one.id for one in known)]
            continue
        alert_ids = list(dict.fromkeys([*alert_ids, *waits]))
        equal = (*preview.behind.sent, *preview.behind.elsewhere)
        own = [one.id for one in equal if one.source_id == alert.source_id]
        more = [await message_of(alerts, alert_id) for alert_id in own]
        found = [one for one in map(follow_up.own_reference, more) if one not in named]
        if not found:
            return StandingWarning(tuple(parts), tuple(named), tuple(alert_ids), raw, preview)
        named += found
        alert_ids += own
    raise RequestRefused(ProblemType.CONFLICT, said(Phrase.CHANGES_JUST_NOW))


async def message_of(alerts: Alerts, alert_id: str) -> cap.Alert:
    """Return a message as it was submitted. Raises `RequestRefused`."""
    message = await alerts.message(alert_id)
    if message is None:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ALERT))
    return message


async def _identified(alerts: Alerts, named: dict[str, Any]) -> str:
    """Return the message, by id, that holds in the place of an earlier one, as a refusal names it."""
    sent = datetime.fromisoformat(named["sent"])
    async with alerts.submission(named["sender"]) as submission:
        found = await submission.identity(named["sender"], named["identifier"], sent)
    return found[-1].id


def _in_force(refused: RequestRefused) -> list[dict[str, Any]]:
    found: Any = refused.extra["in_force"]
    return list(found)
