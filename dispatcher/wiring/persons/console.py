"""Build what lets persons sign in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dispatcher.api.console.parts import ConsoleParts, DutyParts
from dispatcher.sign_in.accounts import Accounts
from dispatcher.sign_in.passkeys import RelyingParty
from dispatcher.sign_in.passwords import Passwords
from dispatcher.sign_in.sign_in import PersonStores, SignIn
from dispatcher.store.on_duty.endpoints import DutyEndpoints
from dispatcher.store.persons.sessions import SessionTerms
from dispatcher.wiring.persons.oidc import provider_sign_in

if TYPE_CHECKING:
    from channels.base import Channel
    from channels.http.client import HttpClient
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses


def session_terms(settings: Settings) -> SessionTerms:
    """Return when sessions end by themselves."""
    return SessionTerms(
        timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours)
    )


def console(  # noqa: PLR0913 - dependencies, the last ones named at the call
    settings: Settings,
    pool: Pool,
    addresses: Addresses,
    pepper: bytes,
    *,
    metrics: Metrics,
    sms_parts: int,
    push: Channel,
    http: HttpClient | None = None,
) -> ConsoleParts | None:
    """Return what the console needs; None where the settings name no origin for it. `sms_parts` is how many parts an
    SMS has at most at any gateway; `push` checks browsers' endpoints, `http`
    asks OpenID providers.
    """
    if not settings.console_url:
        return None
    stores = PersonStores.of(pool, addresses.sealing, session_terms(settings))
    sign_in = SignIn(pool, stores, Passwords(), RelyingParty(settings.console_url), pepper, metrics)
    accounts = Accounts(pool, sign_in, pepper)
    provider = provider_sign_in(settings, pool, sign_in, http)
    duty = DutyParts(DutyEndpoints(pool, addresses), push)
    zone = ZoneInfo(settings.time_zone)
    return ConsoleParts(settings.console_url, zone, sign_in, accounts, duty, sms_parts, provider)
