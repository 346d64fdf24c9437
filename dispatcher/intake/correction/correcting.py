"""Take a warning back in one step: find what of it holds, and submit the correction like any other message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import cap
from cap import follow_up
from dispatcher.intake.correction.message import correction
from dispatcher.intake.correction.prepared import Falsehood
from dispatcher.model.alerts import new_identifier
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from dispatcher.access.principals import Actor, Principal
    from dispatcher.intake.submission import Accepted, SubmissionIntake
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.store.alerts.alerts import Alerts

TRIES_MAX: Final = 20
"""How often what holds is looked up anew: each look finds another message that it names from then on."""


def _anywhere(_places: Sequence[AffectedMunicipality]) -> None:
    """Refuse nothing."""


@dataclass(frozen=True, slots=True)
class CorrectingParty:
    """Whoever corrects: the actor in the trail, and where it may."""

    actor: Actor
    require: Callable[[Sequence[AffectedMunicipality]], None] = _anywhere
    """Raises `RequestRefused` for the municipalities of a message that it may not take back."""


class Corrections:
    """Takes back what sources have sent, in their name."""

    def __init__(self, alerts: Alerts, intake: SubmissionIntake, zone: tzinfo) -> None:
        self._alerts = alerts
        self._intake = intake
        self._zone = zone

    async def prepared(self, alert: StoredAlert) -> dict[Falsehood, cap.Alert]:
        """Return what a correction of this message would say, by what was wrong with it. Nothing is sent."""
        earlier = await self._message(alert.id)
        header = self._header(earlier, (follow_up.own_reference(earlier),))
        return {what: correction([earlier], header, what) for what in Falsehood}

    async def correct(
        self, source: Principal, alert: StoredAlert, what: Falsehood, by: CorrectingParty
    ) -> Accepted:
        """Take back what of the source's alert holds: all of it, or nothing where `by` may not take back a part. Nobody
        is told twice: where it has ended already, the answer says so. Raises like `SubmissionIntake.accept`.
        """
        earlier = await self._message(alert.id)
        parts, named, taken_back = [earlier], [follow_up.own_reference(earlier)], [alert.id]
        for _ in range(TRIES_MAX):
            message = correction(parts, self._header(earlier, tuple(named)), what)
            raw = cap.render(message)
            try:
                preview = await self._intake.preview(source, raw)
            except RequestRefused as refused:
                if refused.type is not ProblemType.REFERENCE_REPLACED:
                    raise
                taken_back = [await self._identified(one) for one in _in_force(refused)]
                parts = [await self._message(alert_id) for alert_id in taken_back]
                named = [follow_up.own_reference(one) for one in parts]
                continue
            # Equal ones, which nobody was told of, would be sent in its place.
            equal = (*preview.behind.sent, *preview.behind.elsewhere)
            own = [one.id for one in equal if one.source_id == alert.source_id]
            more = [await self._message(alert_id) for alert_id in own]
            found = [one for one in map(follow_up.own_reference, more) if one not in named]
            if not found:
                for alert_id in taken_back:
                    by.require(await self._alerts.affected(alert_id))
                return await self._intake.accept(source, raw, corrects=by.actor)
            named += found
            taken_back += own
        raise RequestRefused(ProblemType.CONFLICT, said(Phrase.CHANGES_JUST_NOW))

    def _header(self, earlier: cap.Alert, named: tuple[cap.Reference, ...]) -> follow_up.Header:
        now = datetime.now(self._zone)
        identifier = new_identifier("korrektur", now)
        return follow_up.Header(identifier, follow_up.next_moment(earlier, now), named)

    async def _message(self, alert_id: str) -> cap.Alert:
        message = await self._alerts.message(alert_id)
        if message is None:
            raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ALERT))
        return message

    async def _identified(self, named: dict[str, Any]) -> str:
        """Return the message, by id, that holds in the place of an earlier one, as a refusal names it."""
        sent = datetime.fromisoformat(named["sent"])
        async with self._alerts.submission(named["sender"]) as submission:
            found = await submission.identity(named["sender"], named["identifier"], sent)
        return found[-1].id


def _in_force(refused: RequestRefused) -> list[dict[str, Any]]:
    found: Any = refused.extra["in_force"]
    return list(found)
