"""Send a test notice to an instance's own webhook, and say how its receiver answered."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from channels.base import Consequence, Endpoint, Notice, Urgency
from dispatcher.apps.samples import sample
from dispatcher.delivery.render import collapse_key
from dispatcher.model.webhooks import CallbackForm
from dispatcher.texts.shortening import as_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from channels.app.channel import App, Trial
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.model.webhooks import Webhook
    from dispatcher.signing.message_signer import MessageSigner
    from dispatcher.store.webhooks import Webhooks

TESTS_EVERY: Final = timedelta(seconds=10)
"""How often one instance may have a test sent, over all processes."""
_MEANING: Final = {
    Consequence.REMOVE: "ended",
    Consequence.REJECT: "refused",
    Consequence.EXPIRE: "retried",
    Consequence.RETRY: "retried",
    Consequence.RETRY_UNCERTAIN: "retried",
    Consequence.POSTPONE: "postponed",
}


class TriedTooSoon(Exception):
    """The webhook was tested a moment ago."""

    def __init__(self, seconds: float) -> None:
        """`seconds` is when it may be tested again."""
        super().__init__(f"{seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What came of a test notice. Of the receiver's answer nothing is kept but the status."""

    webhook_id: str
    status: int | None
    error: str | None
    """A short and stable code, where there was no answer; or the status again."""
    meaning: str
    """What a real notice with this answer would be: accepted, retried, postponed, refused, ended."""
    seconds: float
    notice: dict[str, object]
    """The document that was sent."""


class Trials:
    """Sends test notices, by the very code that sends warnings."""

    def __init__(
        self,
        webhooks: Webhooks,
        channel: App,
        boundaries: Boundaries,
        now: Callable[[], datetime],
        page: str = "",
        signer: MessageSigner | None = None,
    ) -> None:
        """`page` is the URL to which a tap on a notice leads, empty for none; `signer` signs the test messages of
        webhooks that take these.
        """
        self._signer = signer
        self._webhooks = webhooks
        self._channel = channel
        self._boundaries = boundaries
        self._now = now
        self._page = page

    async def run(self, instance_id: str, own: Sequence[str]) -> TrialResult | None:
        """Send one test notice to the webhook of an instance whose places are `own` (AGS), to nobody else. Returns None
        where there is no webhook, or its receiver ended it. Raises `TriedTooSoon`.
        """
        webhook = await self._webhooks.of(instance_id)
        if webhook is None or webhook.ended_at is not None:
            return None
        if wait := await self._webhooks.claim_test(instance_id, TESTS_EVERY):
            raise TriedTooSoon(wait)
        notice = await self._notice(instance_id, webhook, own)
        endpoint = Endpoint(webhook.subscription_id, webhook.url, webhook.keys)
        begun = time.monotonic()
        trial = await self._channel.try_once(notice, endpoint)
        return TrialResult(
            webhook_id=f"{notice.alert_id}-{endpoint.id}",
            status=trial.status,
            error=trial.error.code if trial.error else None,
            meaning=meaning_of(trial),
            seconds=round(time.monotonic() - begun, 3),
            notice=json.loads(notice.document),
        )

    async def _notice(self, instance_id: str, webhook: Webhook, own: Sequence[str]) -> Notice:
        now, places = self._now().replace(microsecond=0), webhook.places or tuple(own)
        made = sample(instance_id, places, self._boundaries, now, webhook.language, self._page)
        message = b""
        if webhook.form is CallbackForm.CAP and self._signer is not None:
            message = await self._signer.signed(made.alert.id, made.message)
        # Its message is not on record, and no sample that the pull shows: there is nothing to fetch.
        document = as_json({name: value for name, value in made.told.notice.items() if name != "cap"})
        return Notice(
            alert_id=made.alert.id,
            collapse_key=collapse_key(made.alert.thread),
            title=str(made.told.notice["title"]),
            text=str(made.told.notice["headline"]),
            payload=document,
            language=webhook.language,
            urgency=Urgency.NORMAL,
            deadline=made.alert.expires,
            document=document,
            message=message,
        )


def meaning_of(trial: Trial) -> str:
    """Return what a real notice with this answer would be."""
    if trial.error is None:
        return "accepted"
    return _MEANING[trial.error.consequence]
