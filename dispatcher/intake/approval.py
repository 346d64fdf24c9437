"""A person decides about a held message: release it, for more places if need be, or discard it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cap
from dispatcher.intake.decide import ACTS_ON_OTHERS, is_ending
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.vocabulary import DISPATCHED, ENDING_REASONS, AlertState, Reason
from dispatcher.queue.wakeups import WakeUpQueue, plan_wake_up
from dispatcher.store.alerts.related_alerts import RelatedAlerts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from dispatcher.access.principals import Actor
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.store.alerts.alerts import Alerts, Submission


class NotApprovedError(Exception):
    """The message stays held; the text of this error is a German sentence that says why."""


@dataclass(frozen=True, slots=True)
class Terms:
    """These terms are what a person approves besides the message."""

    target: str = ""
    """The first digits of the hash of the target that the person looked at; empty: any target that the record has."""
    at_most: int | None = None
    """The most recipients that the person approves; with more the message is held again."""


DEFAULT_TERMS = Terms()


class Approval:
    """Concludes held messages, in the record and with an audit line that names the person who decided."""

    def __init__(
        self,
        *,
        alerts: Alerts,
        boundaries: Boundaries,
        wake_ups: WakeUpQueue,
        clock: Callable[[datetime], datetime] = lambda now: now,
    ) -> None:
        self._alerts = alerts
        self._boundaries = boundaries
        self._wake_ups = wake_ups
        self._clock = clock

    async def release(
        self, alert_id: str, actor: Actor, why: str, places: Sequence[str] = (), terms: Terms = DEFAULT_TERMS
    ) -> StoredAlert:
        """Send the message; `places` (AGS) are added to its municipalities. Raises `NotApprovedError`, and what
        `record.UNAVAILABLE` lists.
        """
        held, raw = await self._held(alert_id), await self._alerts.raw(alert_id) or b""
        added = [self._place(ags) for ags in places]
        alert = cap.parse(raw).alerts[0]
        async with self._alerts.submission(held.sender) as submission:
            related = RelatedAlerts(submission)
            await related.lock_ingest()
            held = await _still_held(submission, held)
            await _require_target(related, held.id, terms.target)
            reason = await self._reason(submission, held, alert, added)
            await related.add_municipalities(held.id, added)
            await related.conclude(held.id, reason, held.chain_id, actor, why, terms.at_most)
            if reason in DISPATCHED:
                await submission.stop(held.chain_id, held.id)
        if reason in DISPATCHED:
            await self._wake_ups.enqueue([plan_wake_up(held.id, held.lane)])
        return await self._alerts.get(alert_id) or held

    async def discard(self, alert_id: str, actor: Actor, why: str) -> None:
        """Conclude that the message is never sent. Raises `NotApprovedError`."""
        held = await self._held(alert_id)
        async with self._alerts.submission(held.sender) as submission:
            held = await _still_held(submission, held)
            await RelatedAlerts(submission).conclude(held.id, Reason.DISCARDED, held.chain_id, actor, why)

    async def _held(self, alert_id: str) -> StoredAlert:
        held = await self._alerts.get(alert_id)
        if held is None or held.state is not AlertState.HELD:
            raise NotApprovedError("Unter dieser Nummer wartet keine Meldung.")
        return held

    def _place(self, ags: str) -> AffectedMunicipality:
        unit = self._boundaries.by_ags(ags)
        if unit is None:
            raise NotApprovedError(f"Eine Gemeinde mit dem Schlüssel {ags} ist hier nicht bekannt.")
        return AffectedMunicipality(unit.ags, unit.name, "person", 1.0)

    async def _reason(
        self,
        submission: Submission,
        held: StoredAlert,
        alert: cap.Alert,
        added: Sequence[AffectedMunicipality],
    ) -> Reason:
        """Return the reason with which the message goes out now: its chain may have moved on while it was held."""
        if held.expires <= self._clock(submission.now):
            raise NotApprovedError("Die Meldung ist inzwischen abgelaufen.")
        notified = [stored for stored in await submission.chain(held.chain_id) if stored.reason in DISPATCHED]
        if any(stored.sent > held.sent for stored in notified):
            raise NotApprovedError("Eine neuere Meldung dieses Vorgangs ist schon versandt.")
        if is_ending(alert):
            if not notified or notified[-1].reason in ENDING_REASONS:
                raise NotApprovedError("Es gibt nichts aufzuheben: Niemand ist gewarnt.")
            return Reason.CANCEL if alert.msg_type is cap.MsgType.CANCEL else Reason.ALL_CLEAR
        if not added and not notified and not await submission.places(held.id):
            raise NotApprovedError("Die Meldung hat hier kein Gebiet; bitte Gemeinden angeben.")
        return Reason.UPDATE if notified or alert.msg_type in ACTS_ON_OTHERS else Reason.FIRST_NOTICE


async def _require_target(related: RelatedAlerts, alert_id: str, seen: str) -> None:
    bound, found = await related.target(alert_id)
    if bound is not None and bound != found:
        raise NotApprovedError("Das Zielgebiet ist nicht mehr das, mit dem die Meldung angenommen wurde.")
    if not found.hex().startswith(seen.lower()):
        raise NotApprovedError(f"Das Zielgebiet ist ein anderes als das genehmigte: {found.hex()}.")


async def _still_held(submission: Submission, held: StoredAlert) -> StoredAlert:
    """Read the message again within the transaction: another person may have decided meanwhile."""
    for stored in await submission.chain(held.chain_id):
        if stored.id == held.id and stored.state is AlertState.HELD:
            return stored
    raise NotApprovedError("Unter dieser Nummer wartet keine Meldung mehr.")
