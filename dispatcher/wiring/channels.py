"""Build the channels, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from channels.apns.channel import Apns
from channels.app.channel import App
from channels.clock import utc_now
from channels.fcm.channel import Fcm
from channels.http.addresses import Purpose
from channels.sms.channel import Sms
from channels.webpush.channel import Notes, WebPush
from dispatcher.wiring.http_client import exemptions
from dispatcher.wiring.push.apns import apple_apps
from dispatcher.wiring.push.fcm import fcm_projects
from dispatcher.wiring.sms.gateways import sms_carriers, sms_contracts
from dispatcher.wiring.sms.smpp import smpp_carriers
from dispatcher.wiring.webpush import push_encoder, push_services

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from channels.apns.apple_apps import AppleApps
    from channels.base import Channel
    from channels.fcm.projects import Projects
    from channels.http.client import HttpClient
    from channels.sms.channel import Carrier
    from channels.webpush.keys.precomputed_keys import PrecomputedKeys
    from channels.webpush.vapid import VapidKeys
    from dispatcher.settings import Settings


def channel_registry(  # noqa: PLR0913 - dependencies, the last ones named at the call
    settings: Settings,
    http: HttpClient,
    vapid: VapidKeys,
    now: Callable[[], datetime] = utc_now,
    keys: PrecomputedKeys | None = None,
    *,
    carriers: Mapping[str, Carrier] | None = None,
    notes: Notes | None = None,
    projects: Projects | None = None,
    apps: AppleApps | None = None,
) -> dict[str, Channel]:
    """Return every channel by name, one line each. `vapid` signs for Web Push, `now` gives the aware present, `keys`
    are message keys made before, `notes` is what Web Push gathers for the record; `carriers` are SMS gateways', made
    here unless given; `projects` and `apps` are those that FCM and APNs send for, without which they only check
    endpoints.
    """
    timeout, failures = settings.request_timeout_s, settings.delivery.breaker.connect_failures
    exempt = exemptions(settings)
    registry: dict[str, Channel] = {}
    registry["app"] = callbacks(settings, http, now)
    if carriers is None:
        carriers = sms_carriers(settings, http, now) | smpp_carriers(settings, now)
    if carriers:
        registry["sms"] = Sms(carriers, contracts=sms_contracts(settings))
    registry["fcm"] = Fcm(
        http,
        fcm_projects(settings, http, now) if projects is None else projects,
        policy=exempt.policy(Purpose.GATEWAY),
        now=now,
        timeout_s=timeout,
        connect_failures=failures,
        per_minute=settings.fcm_per_minute,
    )
    registry["apns"] = Apns(
        apple_apps(settings) if apps is None else apps,
        exempt.policy(Purpose.GATEWAY),
        now=now,
        timeout_s=timeout,
        connect_failures=failures,
    )
    registry["webpush"] = WebPush(
        http,
        vapid,
        policy=exempt.policy(Purpose.PUSH),
        now=now,
        timeout_s=timeout,
        connect_failures=failures,
        encoder=push_encoder(settings, keys),
        services=push_services(settings),
        notes=notes,
    )
    return registry


def callbacks(settings: Settings, http: HttpClient, now: Callable[[], datetime] = utc_now) -> App:
    """Return the channel of apps' callbacks."""
    return App(
        http,
        policy=exemptions(settings).policy(Purpose.CALLBACK),
        now=now,
        timeout_s=settings.request_timeout_s,
        connect_failures=settings.delivery.breaker.connect_failures,
    )
