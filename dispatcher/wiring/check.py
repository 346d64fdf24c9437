"""Check what processes take from the settings, before anything is opened or started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.access.fingerprints import SecretName
from dispatcher.pages.public_bodies import load_public_bodies
from dispatcher.runtime.secrets.files import held_secret
from dispatcher.wiring.audit.keeping import require_anchor
from dispatcher.wiring.connections import queue_address, require_both_urls
from dispatcher.wiring.feeds import load_feeds
from dispatcher.wiring.http_client import exemptions, require_ca_file
from dispatcher.wiring.persons.console import base_map
from dispatcher.wiring.persons.oidc import require_clients
from dispatcher.wiring.setting_errors import naming_setting
from dispatcher.wiring.sms.gateways import sms_contracts, sms_gateways
from dispatcher.wiring.sms.smpp import smpp_gateways
from dispatcher.wiring.traces.tracing import require_collector
from dispatcher.wiring.webpush import checking_keys, push_services

if TYPE_CHECKING:
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.feeds.configuration import Feed
    from dispatcher.settings import Settings


def check_settings(settings: Settings, boundaries: Boundaries | None) -> tuple[Feed, ...]:
    """Check all that such processes take from the settings, before anything is opened or started; returns the feeds.
    `boundaries` are None where there are no feeds to check against them. Raises SettingsError.
    """
    if settings.redis_url:
        queue_address(settings.redis_url)
    exemptions(settings)
    require_ca_file(settings)
    require_anchor(settings)
    require_collector(settings)
    require_clients(settings)
    base_map(settings)
    require_both_urls(settings)
    with naming_setting("WARN_SMS_GATEWAYS"):
        sms_gateways(settings)
    smpp_gateways(settings)
    with naming_setting("WARN_DUTY_SMS_GATEWAY"):
        if settings.duty_sms_gateway not in {"", *sms_contracts(settings)}:
            raise ValueError("there is no SMS gateway of this name")
    for name in SecretName:
        held_secret(name, settings)
    checking_keys(settings)
    push_services(settings)
    with naming_setting("WARN_PUBLIC_BODIES"):
        load_public_bodies(settings.public_bodies)
    return () if boundaries is None else load_feeds(settings, boundaries)
