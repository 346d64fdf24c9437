"""Build what lets persons sign in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dispatcher.api.console.parts import ConsoleParts
from dispatcher.sign_in.accounts import Accounts
from dispatcher.sign_in.passkeys import RelyingParty
from dispatcher.sign_in.passwords import Passwords
from dispatcher.sign_in.sign_in import PersonStores, SignIn
from dispatcher.store.persons.sessions import SessionTerms

if TYPE_CHECKING:
    from dispatcher.access.sealing import Sealing
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store.record import Pool


def session_terms(settings: Settings) -> SessionTerms:
    """Return when sessions end by themselves."""
    return SessionTerms(
        timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours)
    )


def console(
    settings: Settings, pool: Pool, sealing: Sealing, pepper: bytes, metrics: Metrics, sms_parts: int
) -> ConsoleParts | None:
    """Return what the console needs; None where the settings name no origin for it. `sms_parts` is how many parts an
    SMS has at most at any gateway.
    """
    if not settings.console_url:
        return None
    stores = PersonStores.of(pool, sealing, session_terms(settings))
    sign_in = SignIn(pool, stores, Passwords(), RelyingParty(settings.console_url), pepper, metrics)
    accounts = Accounts(pool, sign_in, pepper)
    return ConsoleParts(settings.console_url, ZoneInfo(settings.time_zone), sign_in, accounts, sms_parts)
