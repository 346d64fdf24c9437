"""Build what lets persons sign in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from dispatcher.api.console.parts import ConsoleParts, DutyParts
from dispatcher.boundaries.base_map import BaseMap
from dispatcher.settings import SettingsError
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


log = structlog.get_logger()


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
    if settings.console_url.startswith("http:"):
        # A passkey is bound to a name: browsers make none for an address.
        passkeys = RelyingParty(settings.console_url).id == "localhost"
        log.warning("console_without_tls", origin=settings.console_url, passkeys=passkeys)
    stores = PersonStores.of(pool, addresses.sealing, session_terms(settings))
    sign_in = SignIn(pool, stores, Passwords(), RelyingParty(settings.console_url), pepper, metrics)
    accounts = Accounts(pool, sign_in, pepper)
    provider = provider_sign_in(settings, pool, sign_in, http)
    duty = DutyParts(DutyEndpoints(pool, addresses), push)
    zone, base = ZoneInfo(settings.time_zone), base_map(settings)
    return ConsoleParts(settings.console_url, zone, sign_in, accounts, duty, sms_parts, provider, base)


def base_map(settings: Settings) -> BaseMap | None:
    """Return what the maps of the desk lie on; None: on nothing. Raises SettingsError where nobody is named for it."""
    template, attribution = settings.base_map_tiles, settings.base_map_attribution.strip()
    if template and not attribution:
        raise SettingsError("WARN_BASE_MAP_ATTRIBUTION: say whose map WARN_BASE_MAP_TILES is")
    return BaseMap(template, attribution) if template else None
