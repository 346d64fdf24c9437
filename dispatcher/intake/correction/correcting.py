"""Take a warning back in one step: find what of it holds, and submit the correction like any other message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cap import follow_up
from dispatcher.intake.correction.message import correction
from dispatcher.intake.correction.prepared import Falsehood
from dispatcher.intake.correction.standing import find_standing, message_of
from dispatcher.intake.effects import EffectOf
from dispatcher.model.alerts import new_identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    import cap
    from dispatcher.access.principals import Actor, Principal
    from dispatcher.intake.submission import Accepted, SubmissionIntake
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.store.alerts.alerts import Alerts


@dataclass(frozen=True, slots=True)
class CorrectingParty:
    """Whoever corrects: the actor in the trail, and where it may."""

    actor: Actor
    require: Callable[[Sequence[AffectedMunicipality]], None] | None = None
    """Raises `RequestRefused` for the municipalities of a message that it may not take back; None: everywhere."""


class Corrections:
    """Takes back what sources have sent, in their name."""

    def __init__(self, alerts: Alerts, intake: SubmissionIntake, zone: tzinfo) -> None:
        self._alerts = alerts
        self._intake = intake
        self._zone = zone

    async def prepared(self, alert: StoredAlert) -> dict[Falsehood, cap.Alert]:
        """Return what a correction of this message would say, by what was wrong with it. Nothing is sent."""
        earlier = await message_of(self._alerts, alert.id)
        header = self._header(earlier, (follow_up.own_reference(earlier),))
        return {what: correction([earlier], header, what) for what in Falsehood}

    async def correct(
        self, source: Principal, alert: StoredAlert, what: Falsehood, by: CorrectingParty
    ) -> Accepted:
        """Take back what of the source's alert holds: all of it, or nothing where `by` may not take back a part. Nobody
        is told twice: where it has ended already, the answer says so. Raises like `SubmissionIntake.accept`.
        """
        earlier = await message_of(self._alerts, alert.id)
        standing = await find_standing(
            self._alerts,
            self._intake,
            source,
            alert,
            lambda parts, named: correction(parts, self._header(earlier, named), what),
        )
        if by.require is not None:
            for alert_id in standing.alert_ids:
                by.require(await self._alerts.affected(alert_id))
        return await self._intake.accept(source, standing.raw, corrects=EffectOf(by.actor, what))

    def _header(self, earlier: cap.Alert, named: tuple[cap.Reference, ...]) -> follow_up.Header:
        now = datetime.now(self._zone)
        identifier = new_identifier("korrektur", now)
        return follow_up.Header(identifier, follow_up.next_moment(earlier, now), named)
