"""Build what enrols subscribers, and what sends them codes."""

from __future__ import annotations

from functools import partial
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Final

from channels.clock import utc_now
from dispatcher.access.management_tokens import ManagementTokens, code_digest
from dispatcher.apps.enrolment import Enrolment
from dispatcher.audience.wish import Judge
from dispatcher.queue.sign_ups import SignUps
from dispatcher.store.audience.endpoint_messages import EndpointMessages
from dispatcher.store.audience.liveness import Liveness
from dispatcher.store.audience.subscribers import Subscribers
from dispatcher.wiring.channels import channel_registry
from dispatcher.wiring.webpush import checking_keys
from dispatcher.worker.endpoint_messages import EndpointMessageSender

if TYPE_CHECKING:
    from collections.abc import Callable

    from arq.connections import ArqRedis

    from channels.http.client import HttpClient
    from channels.webpush.vapid import VapidKeys
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.delivery.lanes import LaneGate
    from dispatcher.metrics import Metrics
    from dispatcher.settings import Settings
    from dispatcher.store.clock import RecordClock
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses

OFFERED: Final = ("webpush",)
"""The channels whose endpoints a subscriber may name: an app of a municipality is no person, and for a telephone number
a code must cost nobody money."""
CODE_BYTES: Final = 16


def management_tokens(keyed_hash: Callable[[str, str], bytes]) -> ManagementTokens:
    """Return what makes tokens and the hashes that the record has of them."""
    return ManagementTokens(keyed_hash, partial(token_urlsafe, 32))


def enrolment(
    settings: Settings,
    subscribers: Subscribers,
    tokens: ManagementTokens,
    boundaries: Boundaries,
    http: HttpClient,
) -> Enrolment:
    """Return what enrols subscribers. Its channels only check endpoints."""
    registry = channel_registry(settings, http, checking_keys(settings), carriers={})
    offered = {name: registry[name] for name in OFFERED}
    return Enrolment(subscribers, tokens, Judge(offered, boundaries, tokens.device), utc_now)


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
) -> EndpointMessageSender:
    """Return what sends codes. Its channels take nothing from what is kept ready for warnings, and note nothing: of a
    code nothing is ever taken back.
    """
    new_code: Callable[[str], str] = lambda _channel: token_urlsafe(CODE_BYTES)  # noqa: E731 - one value
    registry = channel_registry(settings, http, vapid, clock, carriers={})
    return EndpointMessageSender(
        EndpointMessages(pool, addresses, new_code, code_digest),
        Subscribers(pool, addresses),
        {name: registry[name] for name in OFFERED},
        liveness=Liveness(pool),
        gate=gate,
        metrics=metrics,
        now=clock,
        retention_days=settings.ended_kept_days,
    )
