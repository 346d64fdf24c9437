"""Register the webhook of an instance, rotate its secret and take it back, by whichever way it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from channels.app.secrets import SECRET, new_secret, previous, replaced, require_one, rotated, with_form
from channels.base import CAP_FORM, Endpoint, Permanent
from dispatcher.apps.webhook_refusal import WebhookRefused, webhook_error
from dispatcher.model.webhooks import CallbackForm, WantedWebhook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from channels.base import Channel
    from dispatcher.access.principals import Actor
    from dispatcher.apps.webhook_refusal import WebhookError
    from dispatcher.model.webhooks import Webhook
    from dispatcher.store.webhooks import Webhooks


PLACES_NAMED_MAX: Final = 49
"""Foreign places that a refusal names: with one more error, of URL or secret, as many as a problem lists."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What somebody asks for. Without a secret the one so far stays, or one is made."""

    url: str
    secret: str | None = None
    places: tuple[str, ...] | None = None
    language: str = "de"
    form: CallbackForm = CallbackForm.NOTICE


@dataclass(frozen=True, slots=True)
class Registered:
    """A webhook as it is now. `new_secret` is shown once, where the service made it."""

    webhook: Webhook
    new_secret: str | None = None


class Registration:
    """Decides on webhooks and writes them to the record."""

    def __init__(self, webhooks: Webhooks, channel: Channel, now: Callable[[], datetime]) -> None:
        """`channel` is the one of callbacks, whose rules for URLs and secrets hold."""
        self._webhooks = webhooks
        self._channel = channel
        self._now = now

    async def shown(self, instance_id: str) -> Webhook | None:
        """Return the webhook of an instance."""
        return await self._webhooks.of(instance_id)

    async def put(
        self, instance_id: str, own: Sequence[str], request: WebhookRequest, by: Actor
    ) -> Registered:
        """Register or replace the webhook of an instance whose places are `own` (AGS). The same request once more
        changes nothing. Raises `WebhookRefused`, `WebhookTaken`, `NoSuchBearer`.
        """
        made = new_secret()
        wanted = self._judged(own, request, request.secret or made)
        used: list[str] = []

        def keys(before: Mapping[str, str]) -> dict[str, str]:
            secret = request.secret or before.get(SECRET) or made
            used.append(secret)
            # An imported one may have two with a blank between: they stay as they are.
            found = dict(before) if before.get(SECRET) == secret else replaced(before, secret)
            return with_form(found, CAP_FORM if request.form is CallbackForm.CAP else "")

        webhook = await self._webhooks.put(instance_id, wanted, keys, by)
        return Registered(webhook, made if made in used else None)

    async def rotate(
        self, instance_id: str, secret: str | None, overlap: timedelta, by: Actor
    ) -> Registered | None:
        """Let a new secret sign, and for `overlap` those so far beside it. Returns None where there is no webhook.
        Raises `WebhookRefused`, `NoSuchBearer`.
        """
        made, now = new_secret(), self._now()

        def keys(before: Mapping[str, str]) -> dict[str, str]:
            if secret and secret in {ending.secret for ending in previous(before, now)}:
                raise WebhookRefused(webhook_error("secret_ends", "/secret"))
            try:
                return rotated(before, secret or made, now, now + overlap)
            except ValueError:
                raise WebhookRefused(webhook_error("secret_invalid", "/secret")) from None

        webhook = await self._webhooks.change_keys(instance_id, keys, by)
        return None if webhook is None else Registered(webhook, None if secret else made)

    async def remove(self, instance_id: str, by: Actor) -> bool:
        """End the webhook of an instance. Returns whether there was one. Raises `NoSuchBearer`."""
        return await self._webhooks.remove(instance_id, by)

    def ends_of_secrets(self, webhook: Webhook) -> tuple[datetime, ...]:
        """Return until when each secret before the newest still signs."""
        return tuple(ending.until for ending in previous(webhook.keys, self._now()))

    def _judged(self, own: Sequence[str], request: WebhookRequest, secret: str) -> WantedWebhook:
        errors, left_off = _wrong_places(own, request.places)
        endpoint, gateway = Endpoint(0, request.url, {SECRET: secret}), ""
        try:
            self._channel.check(endpoint)
            gateway = self._channel.gateway(endpoint)
            require_one(secret)
        except Permanent as refused:
            path = "/secret" if refused.code == "secret_invalid" else "/url"
            errors.append(webhook_error(refused.code, path))
        except ValueError:
            errors.append(webhook_error("secret_invalid", "/secret"))
        if errors:
            raise WebhookRefused(*errors, left_off=left_off)
        places = None if request.places is None else tuple(sorted(set(request.places)))
        return WantedWebhook(request.url, gateway, request.language, places)


def _wrong_places(own: Sequence[str], places: Sequence[str] | None) -> tuple[list[WebhookError], int]:
    """Return the first errors of the places, and how many more there are."""
    if places is None:
        return [], 0
    if not places:
        return [webhook_error("places_empty", "/places")], 0
    known = frozenset(own)
    foreign = [(position, ags) for position, ags in enumerate(places) if ags not in known]
    named = foreign[:PLACES_NAMED_MAX]
    errors = [webhook_error("places_foreign", f"/places/{position}", ags) for position, ags in named]
    return errors, len(foreign) - len(named)
