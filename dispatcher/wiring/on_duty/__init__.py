"""Build what tells people on duty."""

from __future__ import annotations

import ssl
from datetime import timedelta
from secrets import randbelow, token_urlsafe
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from channels.base import Endpoint
from channels.mail.smtp import Mailer, MailServer
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.on_duty.texts import DutyTexts
from dispatcher.store.on_duty.endpoints import DutyEndpoints
from dispatcher.store.on_duty.matters import DutyMatters
from dispatcher.store.on_duty.messages import DutyMessages
from dispatcher.store.persons.persons import Persons
from dispatcher.store.sms.code_parts import CodeParts
from dispatcher.wiring.channels import channel_registry
from dispatcher.wiring.setting_errors import naming_setting
from dispatcher.worker.code_sms import CodeSms
from dispatcher.worker.on_duty.desk import DutyDesk, DutyStores
from dispatcher.worker.on_duty.ways import DutyWays

if TYPE_CHECKING:
    from channels.base import Channel
    from channels.http.client import HttpClient
    from channels.webpush.vapid import VapidKeys
    from dispatcher.delivery.lanes import LaneGate
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store.clock import RecordClock
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses
    from dispatcher.store.sms.charges import Charges

CODES: Final = 10**6
"""How many codes of six digits there are, which somebody types."""
CODE_BYTES: Final = 16


def duty_desk(  # noqa: PLR0913 - dependencies, each named at the call
    settings: Settings,
    pool: Pool,
    addresses: Addresses,
    *,
    http: HttpClient,
    vapid: VapidKeys,
    clock: RecordClock,
    gate: LaneGate,
    metrics: Metrics,
    sms: Channel | None,
    charges: Charges,
) -> DutyDesk:
    """Return what tells people on duty. Web Push is a channel of its own: what others learn of subscribers is by
    numbers that are others here. `sms` is the channel of warnings: a contract allows few sessions.
    """
    wanted = Endpoint(0, "", {"gateway": settings.duty_sms_gateway})
    ways = DutyWays(
        push=channel_registry(settings, http, vapid, clock, carriers={})[DutyChannel.WEBPUSH],
        sms=None if sms is None else CodeSms(sms, CodeParts(pool, charges)),
        sms_gateway=lambda: "" if sms is None else sms.gateway(wanted),
        mailer=mailer(settings),
        clock=clock,
    )
    stores = DutyStores(
        DutyMatters(pool),
        DutyMessages(pool, addresses, new_code),
        DutyEndpoints(pool, addresses),
        Persons(pool),
    )
    return DutyDesk(
        stores,
        ways=ways,
        texts=DutyTexts(ZoneInfo(settings.time_zone), settings.console_url),
        gate=gate,
        metrics=metrics,
        clock=clock,
        held_after=timedelta(minutes=settings.duty_held_minutes),
    )


def mailer(settings: Settings) -> Mailer | None:
    """Return what hands mails over; None where the settings name no server."""
    if not settings.smtp_host:
        return None
    with naming_setting("WARN_OUTBOUND_CA_FILE"):
        tls = ssl.create_default_context(cafile=settings.outbound_ca_file)
    server = MailServer(
        settings.smtp_host,
        settings.smtp_port_or_default,
        settings.smtp_security,
        settings.smtp_sender,
        settings.smtp_user,
        settings.smtp_password.get_secret_value(),
        tls,
    )
    return Mailer(server, settings.request_timeout_s)


def new_code(channel: DutyChannel) -> str:
    """Return a code: what can be typed, but 128 random bits for a browser, which brings it back by itself."""
    return token_urlsafe(CODE_BYTES) if channel is DutyChannel.WEBPUSH else f"{randbelow(CODES):06d}"
