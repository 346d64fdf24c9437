"""The channels under the contract, each with what the common tests need to know about it."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.apns.apple_apps import AppleApp, AppleApps
from channels.apns.channel import Apns
from channels.app.channel import App
from channels.base import Channel, ChannelLimits, Endpoint, Notice, Urgency
from channels.fcm.access_tokens import AccessToken
from channels.fcm.channel import Fcm
from channels.fcm.projects import Project, Projects
from channels.fcm.service_account import ServiceAccount
from channels.http.client import HttpClient
from channels.sms.channel import Sms
from channels.sms.http.carrier import HttpCarrier
from channels.webpush.channel import WebPush
from channels.webpush.services.browsers import APPLE, GOOGLE, MICROSOFT, MOZILLA
from channels.webpush.services.directory import Directory
from channels.webpush.services.push_service import PushService
from channels.webpush.services.unifiedpush import NEXTPUSH, NTFY, UNIFIEDPUSH
from channels.webpush.vapid import VapidKeys, VapidSigner, generate_key
from tests.channels.conftest import authority, ca_file, client_for, server_tls  # noqa: F401 - fixtures
from tests.channels.far_side import Reaction, Seen
from tests.support.apns_credentials import TOPIC, credential_of
from tests.support.service_accounts import account_of
from tests.support.sms_gateways import sms_gateway

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET = "geheim"  # stands in every URL path, key and token here, and must stand in no error
_KEY = ec.derive_private_key(7, ec.SECP256R1()).public_key()
_P256DH = urlsafe_b64encode(_KEY.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)).decode()
_AUTH = urlsafe_b64encode(b"auth " + SECRET.encode().ljust(11)).decode()
_WHSEC = "whsec_" + b64encode(SECRET.encode().ljust(24, b".")).decode()
SECRETS = (SECRET, _P256DH[:20], _AUTH[:10], _WHSEC[6:16], "4915100000")
_VAPID = generate_key()


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    time: datetime = NOW

    def __call__(self) -> datetime:
        return self.time


LIMITS = ChannelLimits(batch=100, payload_bytes=3000, concurrency=4, max_age_s=3600)


@dataclass(frozen=True)
class Setting:
    """What a channel is built from in a test."""

    http: HttpClient
    origins: tuple[str, ...]
    limits: ChannelLimits = LIMITS
    now: Callable[[], datetime] = field(default_factory=Clock)
    timeout_s: float = 5.0


def _webpush(setting: Setting, service: PushService = UNIFIEDPUSH) -> Channel:
    return WebPush(
        setting.http,
        VapidKeys(VapidSigner(_VAPID, "mailto:ops@warn.example")),
        now=setting.now,
        limits=setting.limits,
        timeout_s=setting.timeout_s,
        services=Directory({}, dict.fromkeys(setting.origins, service)),
    )


def _sms(setting: Setting) -> Channel:
    return _sms_by(setting, authorization=f"Bearer {SECRET}")


def _sms_that_is_read(setting: Setting) -> Channel:
    """A provider that answers 200 with an error inside."""
    return _sms_by(setting, profile="vonage", secrets={"key": SECRET, "secret": SECRET})


def _sms_by(setting: Setting, **provider: Any) -> Channel:
    gateways = {
        f"gateway{n}": sms_gateway(f"gateway{n}", f"{origin}/{SECRET}", **provider)
        for n, origin in enumerate(setting.origins)
    }
    options: dict[str, Any] = {"now": setting.now, "limits": setting.limits, "timeout_s": setting.timeout_s}
    carriers = {name: HttpCarrier(setting.http, gateway, **options) for name, gateway in gateways.items()}
    return Sms(carriers, setting.limits)


def _app(setting: Setting) -> Channel:
    return App(setting.http, now=setting.now, limits=setting.limits, timeout_s=setting.timeout_s)


class OneToken:
    """The access token of an account that has no other."""

    _only = AccessToken(SECRET, NOW, NOW + timedelta(hours=1))

    async def token(self, _account: ServiceAccount) -> AccessToken:
        return self._only

    async def renewed(self, _account: ServiceAccount, _refused: AccessToken) -> AccessToken:
        return self._only


def _project(side: int) -> str:
    return f"warn-project-{side}"


def _fcm(setting: Setting) -> Channel:
    return Fcm(
        setting.http,
        Projects(
            OneToken(), [Project(account_of(_project(n)), origin) for n, origin in enumerate(setting.origins)]
        ),
        now=setting.now,
        limits=setting.limits,
        timeout_s=setting.timeout_s,
    )


def _topic(side: int) -> str:
    return f"{TOPIC}{side}"


def _apns(setting: Setting) -> Channel:
    """One whose connections have taken a token: until then it sends one request at a time."""
    known = [
        AppleApp(credential_of(_topic(n)), _topic(n), origin) for n, origin in enumerate(setting.origins)
    ]
    providers = AppleApps(lambda: setting.http, known)
    for one in known:
        providers.connections(one).prove()
    return Apns(
        providers,
        setting.http.policy,
        now=setting.now,
        limits=setting.limits,
        timeout_s=setting.timeout_s,
    )


@dataclass(frozen=True)
class Case:
    """One channel: how it is built, what an endpoint of it looks like, where it departs from the table."""

    name: str
    build: Callable[[Setting], Channel]
    departures: dict[int, str]
    wrong_keys: dict[str, str]
    names_gateway: bool = True
    """Whether an endpoint says behind which gateway it is."""
    operators_url: bool = False
    """Whether requests go to an address of the operator's, and not of the recipient's."""
    variant: str = ""
    """What tells it from the others of its channel: whose answers the far side gives, or how they are read."""
    reads_body: bool = False
    """Whether the body of an answer with 2xx can say anything else than accepted."""
    own_credentials: bool = False
    """Whether each endpoint has its own credentials, so that a refusal says nothing of the gateway."""

    def endpoint(self, number: int, origins: tuple[str, ...], side: int = 0) -> Endpoint:
        """Endpoint `number` behind the origin with the index `side`."""
        if self.name == "sms":
            return Endpoint(number, f"+4915100000{number:03}", {"gateway": f"gateway{side}"})
        if self.name == "fcm":
            return Endpoint(number, f"{SECRET}:{number}", {"project": _project(side), "target": "token"})
        if self.name == "apns":
            return Endpoint(number, f"{SECRET.encode().hex() * 4}{number:08x}", {"topic": _topic(side)})
        keys = {"p256dh": _P256DH, "auth": _AUTH} if self.name == "webpush" else {"secret": _WHSEC}
        return Endpoint(number, f"{origins[side]}/{SECRET}/{number}", keys)

    def gateway(self, origins: tuple[str, ...], side: int = 0) -> str:
        named = {"sms": f"gateway{side}", "fcm": _project(side), "apns": f"production/{_topic(side)}"}
        return named.get(self.name, origins[side])

    def number(self, seen: Seen) -> int:
        """Which endpoint a request is for."""
        if self.name == "sms":
            form = dict(parse_qsl(seen.body.decode())) if self.reads_body else json.loads(seen.body)
            return int(form["to"][-3:])
        if self.name == "fcm":
            return int(json.loads(seen.body)["message"]["token"].rpartition(":")[2])
        if self.name == "apns":
            return int(seen.target[-8:], 16)
        return int(seen.target.rpartition("/")[2])

    def by_number(self, reactions: dict[int, Reaction], otherwise: Reaction) -> Reaction:
        async def react(seen: Any, writer: Any) -> None:
            await reactions.get(self.number(seen), otherwise)(seen, writer)

        return react


_NO_KEYS = {"p256dh": "AAAA", "auth": "AAAA"}
_ACCOUNT = (301, 302, 303, 307, 308, 402, 404, 405, 407, 410, 415)
CASES = (
    Case(
        "app",
        _app,
        {401: "unauthorized", 403: "unauthorized", 404: "transient"},
        {"secret": "whsec_?"},
        own_credentials=True,
    ),
    Case(
        "sms",
        _sms,
        {**dict.fromkeys(_ACCOUNT, "misconfigured"), 502: "uncertain", 504: "uncertain"},
        {},
        names_gateway=False,
        operators_url=True,
    ),
    Case(
        "sms",
        _sms_that_is_read,
        {**dict.fromkeys(_ACCOUNT, "misconfigured"), 204: "uncertain", 502: "uncertain", 504: "uncertain"},
        {},
        names_gateway=False,
        operators_url=True,
        variant="read",
        reads_body=True,
    ),
    Case(
        "fcm",
        _fcm,
        dict.fromkeys(_ACCOUNT, "misconfigured"),
        {"project": "?"},
        operators_url=True,
    ),
    Case(
        "apns",
        _apns,
        dict.fromkeys(_ACCOUNT, "misconfigured"),
        {"topic": "?"},
        operators_url=True,
    ),
    *(
        Case(
            "webpush",
            partial(_webpush, service=service),
            {401: "unauthorized", 403: "unauthorized", **departures},
            _NO_KEYS,
            variant=service.name,
            own_credentials=True,
        )
        for service, departures in (
            (UNIFIEDPUSH, {}),
            (MOZILLA, {}),
            (APPLE, {404: "permanent", 429: "transient"}),
            (GOOGLE, {}),
            (MICROSOFT, {403: "unauthorized", 406: "rate_limited"}),
            (NTFY, {}),
            (NEXTPUSH, {}),
        )
    ),
)


@pytest.fixture(params=CASES, ids=lambda case: f"{case.name}-{case.variant}".strip("-"))
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def notice(deadline: datetime = NOW + timedelta(hours=1)) -> Notice:
    return Notice(
        alert_id="01JD8Z0000000000000000TEST",
        collapse_key="abcdefghijklmnopqrstuvwxyz012345",
        title="WARNUNG: Hochwasser",
        text="WARNUNG: Hochwasser\nMeiden Sie die Ufer der Rur.",
        payload=b'{"v":1,"headline":"Hochwasser"}',
        language="de",
        urgency=Urgency.HIGH,
        deadline=deadline,
    )
