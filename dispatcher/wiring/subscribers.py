"""Build what enrols subscribers, what sends them codes, and what asks where they still are."""

from __future__ import annotations

from functools import partial
from secrets import randbelow, token_urlsafe
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

from channels.apns.channel import Apns
from channels.clock import utc_now
from channels.fcm.channel import Fcm
from dispatcher.access.management_tokens import ManagementTokens
from dispatcher.apps.enrolment import Enrolment, NumberLeaving, SubscriberStores
from dispatcher.apps.push.address_checks import AddressChecks
from dispatcher.audience.phone_numbers import NumberRules, block_of
from dispatcher.audience.wish import Judge
from dispatcher.queue.sign_ups import SignUps
from dispatcher.store.audience.endpoint_messages import EndpointMessages
from dispatcher.store.audience.ends import SubscriberEnds
from dispatcher.store.audience.liveness import Liveness
from dispatcher.store.audience.proofs import Proofs
from dispatcher.store.audience.subscribers import Subscribers
from dispatcher.store.numbers.leave_codes import LeaveCodes
from dispatcher.store.numbers.opt_outs import OptOuts
from dispatcher.store.numbers.sms_codes import CodeLimits, SmsCodes
from dispatcher.store.sms.code_parts import CodeParts
from dispatcher.wiring.channels import channel_registry
from dispatcher.wiring.webpush import checking_keys
from dispatcher.worker.code_sms import CodeSms
from dispatcher.worker.endpoint_messages import EndpointMessageSender, NumberWork
from dispatcher.worker.leave_codes import LeaveCodeSender

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arq.connections import ArqRedis

    from channels.apns.apple_apps import AppleApps
    from channels.base import Channel
    from channels.fcm.projects import Projects
    from channels.http.client import HttpClient
    from channels.webpush.vapid import VapidKeys
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.delivery.lanes import LaneGate
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store.audience.address_checks import AddressCheckStore
    from dispatcher.store.clock import RecordClock
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses
    from dispatcher.store.sms.charges import Charges

SMS: Final = "sms"
OFFERED: Final = ("webpush", Fcm.name, Apns.name, SMS)
"""The channels whose endpoints a subscriber may name, where they are set up: an app of a municipality is no person."""
CODE_BYTES: Final = 16
SMS_CODES: Final = 10**6
"""How many codes of six digits there are."""


class SealedRecord(NamedTuple):
    """The record, and what seals the addresses in it."""

    pool: Pool
    addresses: Addresses


def management_tokens(keyed_hash: Callable[[str, str], bytes]) -> ManagementTokens:
    """Return what makes tokens and the hashes that the record has of them."""
    return ManagementTokens(keyed_hash, partial(token_urlsafe, 32))


def enrolment(
    settings: Settings,
    record: SealedRecord,
    tokens: ManagementTokens,
    boundaries: Boundaries,
    http: HttpClient,
) -> Enrolment:
    """Return what enrols subscribers. Its channels only check endpoints."""
    registry = channel_registry(settings, http, checking_keys(settings))
    numbers, codes = NumberRules(settings.sms_regions), sms_codes(settings, *record)
    judge = Judge(_offered(registry), boundaries, tokens.device, numbers)
    leaving = NumberLeaving(numbers, _leave_codes(record, codes))
    stores = SubscriberStores(Subscribers(*record), Proofs(*record), SubscriberEnds(*record))
    return Enrolment(stores, tokens, judge, utc_now, codes, leaving)


def sms_codes(settings: Settings, pool: Pool, addresses: Addresses) -> SmsCodes:
    """Return what bounds SMS with codes."""
    limits = CodeLimits(
        of_number=settings.sms_codes_per_number,
        of_block=settings.sms_codes_per_prefix,
        of_instance=settings.sms_codes_per_instance,
        of_address=settings.sms_codes_per_address,
    )
    return SmsCodes(pool, addresses, limits, block_of)


def _leave_codes(record: SealedRecord, codes: SmsCodes) -> LeaveCodes:
    return LeaveCodes(*record, codes, OptOuts(*record))


def _offered(registry: Mapping[str, Channel]) -> dict[str, Channel]:
    return {name: registry[name] for name in OFFERED if name in registry}


def _new_code(channel: str) -> str:
    """Return a code: of an SMS what can be typed, else 128 random bits."""
    return f"{randbelow(SMS_CODES):06d}" if channel == SMS else token_urlsafe(CODE_BYTES)


def sign_ups(settings: Settings, queue: ArqRedis, tokens: ManagementTokens) -> SignUps:
    """Return what bounds sign-ups."""
    return SignUps(
        queue,
        tokens.hidden,
        of_address=settings.sign_ups_per_address,
        of_instance=settings.sign_ups_per_instance,
    )


def endpoint_message_sender(  # noqa: PLR0913 - dependencies, each named at the call
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
    projects: Projects,
    apps: AppleApps,
) -> EndpointMessageSender:
    """Return what sends codes. Its channels take nothing from what is kept ready for warnings, and note nothing: of a
    code nothing is ever taken back. But `sms` is the channel of warnings: a contract allows few sessions, and an app's
    own gateway takes the app's codes, too; `projects` and `apps` are those of warnings, each with one token.
    """
    registry = channel_registry(settings, http, vapid, clock, carriers={}, projects=projects, apps=apps)
    code_sms = None if sms is None else CodeSms(sms, CodeParts(pool, charges))
    tokens, offered = management_tokens(addresses.sealing.keyed_hash), _offered(registry)
    codes, record = sms_codes(settings, pool, addresses), SealedRecord(pool, addresses)
    new_code = partial(_new_code, SMS)
    leaving = LeaveCodeSender(_leave_codes(record, codes), code_sms, new_code, metrics, clock)
    return EndpointMessageSender(
        EndpointMessages(pool, addresses, _new_code, tokens.code_digest),
        offered,
        proofs=Proofs(pool, addresses),
        ends=SubscriberEnds(pool, addresses),
        liveness=Liveness(pool),
        gate=gate,
        metrics=metrics,
        now=clock,
        retention_days=settings.ended_kept_days,
        numbers=NumberWork(OptOuts(pool, addresses), codes, leaving, code_sms),
    )


def address_checks(
    settings: Settings,
    store: AddressCheckStore,
    channel: Channel | None,
    gate: LaneGate,
    metrics: Metrics,
    *,
    leads: Callable[[], bool],
) -> AddressChecks | None:
    """Return what asks for the addresses of Android apps at night, if that is wanted; `leads`: whether this process is
    to do it.
    """
    if not settings.fcm_checks or not isinstance(channel, Fcm):
        return None
    return AddressChecks(
        channel,
        store,
        gate=gate,
        metrics=metrics,
        suspicion=settings.delivery.suspicion,
        now=utc_now,
        zone=ZoneInfo(settings.time_zone),
        leads=leads,
    )
