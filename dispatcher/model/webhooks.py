"""Define the webhook of a municipality's app: where its notices are posted, and for which of its places."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Environment(StrEnum):
    """What an instance is for."""

    PRODUCTION = "production"
    SANDBOX = "sandbox"
    """For the makers of apps: it gets samples and test notices, and no warning ever."""


class CallbackForm(StrEnum):
    """In which form a webhook takes notices."""

    NOTICE = "notice"
    """A JSON document for people's phones."""
    CAP = "cap"
    """The CAP message, signed by the service, for sirens, displays and other systems that speak it."""


@dataclass(frozen=True, slots=True)
class WantedWebhook:
    """What an instance asks for. `places` (AGS) is None for all that the instance has, whatever these come to be."""

    url: str
    gateway: str
    """The origin of `url`."""
    language: str = "de"
    places: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook as the record has it. `url` and `keys` are never logged."""

    subscription_id: int
    url: str
    keys: Mapping[str, str]
    language: str
    places: tuple[str, ...]
    """The municipalities (AGS) of which it is told."""
    follows_all: bool
    """Whether these are all places of the instance, whatever they come to be."""
    environment: Environment
    ended_at: datetime | None = None
    """When the receiver ended it by a 410; nothing is sent any more until it is registered again."""
    form: CallbackForm = CallbackForm.NOTICE


class WebhookTaken(Exception):
    """The URL is registered for somebody else: nobody may take its callbacks away by naming it."""
