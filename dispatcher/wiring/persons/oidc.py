"""Build what lets persons sign in at OpenID providers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from channels.http.addresses import AddressRefused, Purpose
from dispatcher.console.pages import root_of
from dispatcher.model.vocabulary import Environment
from dispatcher.settings import SettingsError
from dispatcher.sign_in.oidc.provider import OidcClient, OidcProvider
from dispatcher.sign_in.oidc.sign_in import ProviderSignIn
from dispatcher.store.persons.identities import Identities
from dispatcher.wiring.http_client import exemptions
from dispatcher.wiring.setting_errors import naming_setting

if TYPE_CHECKING:
    from channels.http.client import HttpClient
    from dispatcher.settings import Settings
    from dispatcher.sign_in.sign_in import SignIn
    from dispatcher.store.record import Pool

CALLBACK = "/sign-in/oidc"
"""Where browsers come back to, below the pages of an environment."""


def clients(settings: Settings) -> dict[Environment, OidcClient]:
    """Return as which client each environment is known at its provider."""
    found = {}
    for environment in Environment:
        issuer, client_id, secret, second_factor = (
            getattr(settings, f"oidc_{environment.value}_{part}")
            for part in ("issuer", "client_id", "client_secret", "second_factor")
        )
        if issuer:
            back = f"{settings.console_url}{root_of(environment)}{CALLBACK}"
            shown = "" if secret is None else secret.get_secret_value().strip()
            found[environment] = OidcClient(issuer, client_id, back, shown, frozenset(second_factor))
    return found


def provider_sign_in(
    settings: Settings, pool: Pool, sign_in: SignIn, http: HttpClient | None
) -> ProviderSignIn | None:
    """Return what lets persons sign in at providers; None where the settings name none, or nothing may be asked."""
    known = clients(settings)
    if not known or http is None:
        return None
    policy = exemptions(settings).policy(Purpose.OIDC)
    hosts = dict.fromkeys(urlsplit(one.issuer).hostname or "" for one in known.values())
    return ProviderSignIn(
        pool,
        sign_in,
        Identities(pool),
        {environment: OidcProvider(client, http, policy) for environment, client in known.items()},
        settings.oidc_name or " / ".join(hosts),
    )


def require_clients(settings: Settings) -> None:
    """Require that each provider is named whole, may be asked, and knows the exercise as another client than the live
    service. Raises SettingsError.
    """
    known = clients(settings)
    policy = exemptions(settings).policy(Purpose.OIDC)
    for environment, client in known.items():
        name = f"WARN_OIDC_{environment.value.upper()}"
        if not client.client_id:
            raise SettingsError(
                f"{name}_CLIENT_ID is not set: the provider knows this service as a client of its own"
            )
        if not settings.console_url:
            raise SettingsError(f"{name}_ISSUER: browsers come back to WARN_CONSOLE_URL, which is not set")
        with naming_setting(f"{name}_ISSUER"):
            try:
                policy.origin(client.issuer)
            except AddressRefused as refused:
                raise ValueError(
                    f"no URL that may be asked ({refused.code}): WARN_ALLOWED_ORIGINS exempts an origin as oidc="
                ) from None
    if len({(one.issuer, one.client_id) for one in known.values()}) < len(known):
        raise SettingsError(
            "WARN_OIDC_EXERCISE_CLIENT_ID is that of the live service: the exercise has a client of its own"
        )
