"""Name what the console depends on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dispatcher.api.console.desk.streams import DeskStreams

if TYPE_CHECKING:
    from datetime import tzinfo

    from channels.base import Channel
    from dispatcher.boundaries.base_map import BaseMap
    from dispatcher.sign_in.accounts import Accounts
    from dispatcher.sign_in.oidc.sign_in import ProviderSignIn
    from dispatcher.sign_in.sign_in import SignIn
    from dispatcher.store.on_duty.endpoints import DutyEndpoints


@dataclass(frozen=True, slots=True)
class DutyParts:
    """What the page needs on which persons see where they are told. `push` only checks endpoints."""

    endpoints: DutyEndpoints
    push: Channel


@dataclass(frozen=True, slots=True)
class ConsoleParts:
    """Everything that its routes need, and a route of the API that a person asks."""

    origin: str
    """Where browsers reach it."""
    zone: tzinfo
    sign_in: SignIn
    accounts: Accounts
    duty: DutyParts
    sms_parts: int
    """How many parts an SMS has at most at any gateway."""
    provider: ProviderSignIn | None = None
    """Signs in at OpenID providers; None: there are none."""
    base_map: BaseMap | None = None
    """What maps lie on; None: on nothing, and no browser asks anybody else."""
    streams: DeskStreams = field(default_factory=DeskStreams)
